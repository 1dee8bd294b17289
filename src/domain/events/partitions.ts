import type { Database } from '../../db/client.ts';
import { abandonConversion, readRejectedFrom } from '../../db/partitions/convert.ts';
import {
  analyzePartitions,
  createPartitionsAhead,
  DEFAULT_AHEAD,
  lacksStatistics,
  missingMonths,
  NOT_ANALYZED,
} from '../../db/partitions/create.ts';
import { dropPartitions, partitionsBefore } from '../../db/partitions/drop.ts';
import { monthsBefore } from '../../db/partitions/months.ts';
import { PartitionError } from '../../db/partitions/session.ts';
import { type Partition, type PartitionState, readPartitionState } from '../../db/partitions/state.ts';
import { computeAllWorkspacesAgain } from '../segments/recompute.ts';

/** How long in ms before its drop a partition is announced. */
const NOTICE_MS = 86_400_000;

/** What a run has done to the partitions of `events`. */
export interface PartitionRun {
  /** The names of new partitions. */
  created: string[];
  /** The partitions that will be dropped within a day. */
  announced: Partition[];
  dropped: Partition[];
  /** Whether it removed what an interrupted conversion had left, whose check would reject the events of next month. */
  hasAbandonedConversion: boolean;
  /** Why partitions could not be changed, and what to do, in one line. */
  problem: string | undefined;
}

/**
 * If `events` is partitioned: creates the partitions of the next months, and drops those whose events are all older than the retention,
 * by the clock of the database. Otherwise: removes what an interrupted conversion has left. Needs one connection; if another process
 * changes partitions, it leaves the work to that process.
 * @param retentionMonths 0 keeps events for ever.
 */
export async function maintainPartitions(db: Database, retentionMonths: number): Promise<PartitionRun> {
  const run: PartitionRun = {
    created: [],
    announced: [],
    dropped: [],
    hasAbandonedConversion: false,
    problem: undefined,
  };
  const state = await readPartitionState(db);
  try {
    if (!state.partitions) {
      run.hasAbandonedConversion = state.hasUnfinishedConversion && (await abandonConversion(db));
      return run;
    }
    const isComplete = missingMonths(state.partitions, state.now, DEFAULT_AHEAD).length === 0;
    if (!isComplete) run.created = (await createPartitionsAhead(db)) ?? [];
    const isAnalyzed = !(run.created.length > 0 || (await lacksStatistics(db))) || (await analyzePartitions(db));
    if (!isAnalyzed) run.problem = NOT_ANALYZED;
    if (retentionMonths > 0) Object.assign(run, await applyRetention(db, state, retentionMonths));
  } catch (error) {
    if (!(error instanceof PartitionError)) throw error;
    const rejectedFrom = state.partitions ? undefined : await readRejectedFrom(db);
    const check = rejectedFrom
      ? ` The check of an interrupted partitioning rejects events from ${rejectedFrom.toISOString().slice(0, 10)} on: run npm run cli -- partitions abandon.`
      : '';
    run.problem = `${error.message}${check}`;
  }
  return run;
}

async function applyRetention(
  db: Database,
  { partitions = [], now, detached }: PartitionState,
  retentionMonths: number,
): Promise<Pick<PartitionRun, 'announced' | 'dropped'>> {
  const oldAt = (time: Date) => partitionsBefore(partitions, monthsBefore(time, retentionMonths));
  const old = oldAt(now);
  const announced = oldAt(new Date(now.getTime() + NOTICE_MS)).filter((partition) => !old.includes(partition));
  if (old.length === 0 && detached.length === 0) return { announced, dropped: [] };
  return { announced, dropped: (await dropOldPartitions(db, old)) ? old : [] };
}

/**
 * Drops partitions, and recomputes segments in the background, since there are no changes that say which events are gone.
 * @returns false if another process changes partitions, indexes or the schema.
 */
export function dropOldPartitions(db: Database, partitions: readonly Pick<Partition, 'name'>[]): Promise<boolean> {
  return dropPartitions(db, partitions, () => computeAllWorkspacesAgain(db));
}
