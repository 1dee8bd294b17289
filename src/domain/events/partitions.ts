import type { Database } from '../../db/client.ts';
import { abandonConversion } from '../../db/partitions/convert.ts';
import {
  analyzePartitions,
  createPartitionsAhead,
  DEFAULT_AHEAD,
  missingMonths,
  NOT_ANALYZED,
} from '../../db/partitions/create.ts';
import { detachPartition, dropDetachedTables, partitionsBefore, storeNotices } from '../../db/partitions/drop.ts';
import type { DropNotice } from '../../db/partitions/marks.ts';
import { monthsBefore } from '../../db/partitions/months.ts';
import { PartitionError } from '../../db/partitions/session.ts';
import { type Partition, type PartitionState, readPartitionState } from '../../db/partitions/state.ts';
import { computeEventSegmentsAgain } from '../segments/complete.ts';

/** The time in ms from the notice of a drop to the drop. */
const NOTICE_MS = 86_400_000;

/** What a run has done to the partitions of `events`. */
export interface PartitionRun {
  isPartitioned: boolean;
  /** The names of new partitions. */
  createdNames: string[];
  /** Partitions that will be dropped, which no run had announced with this retention. */
  announcedPartitions: Partition[];
  /** Partitions whose notice was withdrawn, because they are not older than this retention. */
  keptPartitions: Partition[];
  /** At most one. */
  droppedPartitions: Partition[];
  /** Whether another partition is due to be dropped: run again. */
  hasMoreToDrop: boolean;
  /** Whether it removed what an interrupted conversion had left, whose check would reject the events of next month. */
  hasAbandonedConversion: boolean;
  /** The instant until which partitions exist without a gap, from now on; undefined if `events` is not partitioned. */
  partitionedUntil: Date | undefined;
  /** The clock of the database. */
  now: Date;
  /** Why partitions could not be changed, and what to do, in one line. */
  problem: string | undefined;
}

/**
 * If `events` is partitioned: creates the partitions of the next months, announces the drop of those whose events are all older than the
 * retention, by the clock of the database, and drops the first one that was announced a day ago with the same retention. Otherwise:
 * removes what an interrupted conversion has left. In both cases, completes interrupted drops. Uses one connection; collecting statistics
 * can occupy it for the statement timeout. If another process changes partitions, it leaves the work to that process.
 * @param retentionMonths 0 keeps events for ever.
 */
export async function maintainPartitions(db: Database, retentionMonths: number): Promise<PartitionRun> {
  const state = await readPartitionState(db);
  const run: PartitionRun = {
    isPartitioned: state.partitions !== undefined,
    createdNames: [],
    announcedPartitions: [],
    keptPartitions: [],
    droppedPartitions: [],
    hasMoreToDrop: false,
    hasAbandonedConversion: false,
    partitionedUntil: endOfPartitions(state),
    now: state.now,
    problem: undefined,
  };
  const tasks = [
    () => (state.partitions ? addPartitions(db, run, state) : abandonLeftovers(db, run, state)),
    () => announceDrops(db, run, state, retentionMonths),
    () => dropDuePartition(db, run, state, retentionMonths),
  ];
  for (const task of tasks) {
    try {
      await task();
    } catch (error) {
      if (!(error instanceof PartitionError)) throw error;
      run.problem ??= `${error.message}${await describeRejection(db, state)}`;
    }
  }
  return run;
}

/** What the check of a conversion that could not be abandoned does; empty if there is none. */
async function describeRejection(db: Database, { partitions }: PartitionState): Promise<string> {
  if (partitions) return '';
  const { rejectedFrom } = await readPartitionState(db);
  if (!rejectedFrom) return '';
  return ` The check of an interrupted partitioning rejects events from ${rejectedFrom.toISOString().slice(0, 10)} on: run npm run cli -- partitions abandon.`;
}

async function abandonLeftovers(db: Database, run: PartitionRun, state: PartitionState): Promise<void> {
  run.hasAbandonedConversion = state.hasUnfinishedConversion && (await abandonConversion(db));
}

async function addPartitions(db: Database, run: PartitionRun, state: PartitionState): Promise<void> {
  const { partitions = [], now, lacksStatistics } = state;
  if (missingMonths(partitions, now, DEFAULT_AHEAD).length > 0) {
    run.createdNames = (await createPartitionsAhead(db)).names;
    run.partitionedUntil = endOfPartitions(await readPartitionState(db));
  }
  const needsStatistics = run.createdNames.length > 0 || lacksStatistics;
  if (needsStatistics && !(await analyzePartitions(db))) run.problem = NOT_ANALYZED;
}

/** The instant until which partitions exist without a gap, from now on. */
function endOfPartitions({ partitions, now }: PartitionState): Date | undefined {
  if (!partitions) return undefined;
  let end = now;
  for (const { from, to } of partitions) if ((from === null || from <= end) && to > end) end = to;
  return end;
}

/** Stores notices of drops within a day. A partition that other gateways have announced by a smaller retention is announced again or kept. */
async function announceDrops(
  db: Database,
  run: PartitionRun,
  state: PartitionState,
  retentionMonths: number,
): Promise<void> {
  if (noticeChanges(state, retentionMonths).length === 0) return;
  let changes: NoticeChange[] = [];
  const isDone = await storeNotices(db, (current) => {
    changes = noticeChanges(current, retentionMonths);
    return changes.map(({ partition: { name }, notice }) => ({ name, notice }));
  });
  if (!isDone) return;
  run.announcedPartitions = changes.flatMap(({ partition, notice }) => (notice ? { ...partition, notice } : []));
  run.keptPartitions = changes.flatMap(({ partition, notice }) => (notice ? [] : partition));
}

interface NoticeChange {
  partition: Partition;
  notice: DropNotice | null;
}

function noticeChanges({ partitions = [], now }: PartitionState, retentionMonths: number): NoticeChange[] {
  const dropAfter = new Date(now.getTime() + NOTICE_MS);
  const oldPartitions =
    retentionMonths > 0 ? partitionsBefore(partitions, monthsBefore(dropAfter, retentionMonths)) : [];
  return partitions.flatMap((partition): NoticeChange[] => {
    if (!oldPartitions.includes(partition)) return partition.notice ? [{ partition, notice: null }] : [];
    if (partition.notice?.retentionMonths === retentionMonths) return [];
    return [{ partition, notice: { dropAfter, retentionMonths } }];
  });
}

/** Drops one partition whose notice is old enough, and completes interrupted drops, which the retention does not matter for. */
async function dropDuePartition(
  db: Database,
  run: PartitionRun,
  { partitions = [], now, detachedTables }: PartitionState,
  retentionMonths: number,
): Promise<void> {
  const isDue = (partition: Partition, time: Date) => isDueAt(partition, time, retentionMonths);
  const [duePartition, ...laterPartitions] = partitions.filter((partition) => isDue(partition, now));
  if (duePartition) {
    const outcome = await detachPartition(db, duePartition.name, isDue);
    if (outcome === 'busy') return;
    if (outcome === 'detached') run.droppedPartitions = [duePartition];
    run.hasMoreToDrop = laterPartitions.length > 0;
  }
  if (run.droppedPartitions.length > 0 || detachedTables.length > 0) await completeDrops(db);
}

/** Whether all events of a partition are older than the retention, and its drop was announced with it long enough ago. */
function isDueAt({ to, notice }: Partition, now: Date, retentionMonths: number): boolean {
  if (retentionMonths === 0 || notice?.retentionMonths !== retentionMonths) return false;
  return notice.dropAfter <= now && to <= monthsBefore(now, retentionMonths);
}

/**
 * Drops partitions now, and what interrupted drops have left. Recomputes segments in the background, since there are no changes that say
 * which events are gone.
 * @returns false if another process changes partitions, indexes or the schema.
 * @throws {PartitionError} if some cannot be dropped.
 */
export async function dropPartitions(db: Database, partitions: readonly Pick<Partition, 'name'>[]): Promise<boolean> {
  for (const { name } of partitions) if ((await detachPartition(db, name)) === 'busy') return false;
  return completeDrops(db);
}

const completeDrops = (db: Database) => dropDetachedTables(db, () => computeEventSegmentsAgain(db));
