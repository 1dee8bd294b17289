import type { Database } from '../client.ts';
import { isLockConflict, isStatementTimeout } from '../errors.ts';
import { idBoundOf, monthName, startOfMonth } from './months.ts';
import { changePartitions, PartitionError } from './session.ts';
import { type Partition, readPartitionState } from './state.ts';

/** What to do if a command needs partitions. */
export const NOT_PARTITIONED = 'events is not partitioned. Run npm run cli -- partitions create.';

/** How many months after the current one have a partition. */
export const DEFAULT_AHEAD = 3;

/** What `createPartitionsAhead` did. */
export interface CreatedPartitions {
  /** The names of the new partitions. */
  names: string[];
  /** False if another process changes partitions, indexes or the schema, so that some may be missing. */
  isComplete: boolean;
}

/**
 * Creates the partitions that are missing for this month and the next ones. A partition is created as a table of its own and then
 * attached: that locks no writer of events out, and those of workspaces for milliseconds.
 * @throws {PartitionError} if `events` is not partitioned.
 */
export async function createPartitionsAhead(db: Database, ahead = DEFAULT_AHEAD): Promise<CreatedPartitions> {
  const names: string[] = [];
  for (;;) {
    let month: Date | undefined;
    const isDone = await changePartitions(db, 'createPartition', ({ partitions, now, owner }) => {
      if (!partitions) throw new PartitionError(NOT_PARTITIONED);
      [month] = missingMonths(partitions, now, ahead);
      return month ? partitionSql(month, 'events', owner) : [];
    });
    if (!isDone || !month) return { names, isComplete: isDone };
    names.push(partitionName(month));
  }
}

/** The months from the current one on that no partition contains. */
export function missingMonths(partitions: readonly Pick<Partition, 'from' | 'to'>[], now: Date, ahead: number): Date[] {
  return Array.from({ length: ahead + 1 }, (_, place) => startOfMonth(now, place)).filter(
    (month) => !partitions.some(({ from, to }) => (from === null || from <= month) && month < to),
  );
}

/** The name of the partition of a month: `events_2026_11`. */
const partitionName = (month: Date) => `events_${monthName(month)}`;

/**
 * SQL statements that create the partition of a month. `CREATE TABLE … PARTITION OF` would lock readers and writers out of the parent.
 * @param owner the role that owns the tables, if it is not the current one.
 */
export function partitionSql(month: Date, parent: string, owner: string | null): string[] {
  const name = partitionName(month);
  return [
    `CREATE TABLE "${name}" (LIKE "${parent}" INCLUDING ALL)`,
    ...(owner === null ? [] : [`ALTER TABLE "${name}" OWNER TO ${owner}`]),
    `ALTER TABLE "${parent}" ATTACH PARTITION "${name}" FOR VALUES FROM ('${idBoundOf(month)}') TO ('${idBoundOf(startOfMonth(month, 1))}')`,
  ];
}

/** What to do if `analyzePartitions` returns false. */
export const NOT_ANALYZED =
  'The statistics of events could not be collected, so queries can be slow. Run ANALYZE events in psql, as the owner of the table and without statement_timeout.';

/**
 * Collects the statistics of the whole table, which autovacuum does not do for partitioned tables, and then those of each partition.
 * @returns false if ANALYZE exceeded the statement timeout, which is short in a gateway, or if a lock conflict, or a role that does not own
 * the table, left the table without statistics. Statistics that were collected before are kept.
 */
export async function analyzePartitions(db: Database): Promise<boolean> {
  try {
    await db.execute`/* analyzePartitions */ ANALYZE events`;
  } catch (error) {
    if (isStatementTimeout(error)) return false;
    // Another gateway may be analyzing a partition, after it has analyzed the whole table.
    if (!isLockConflict(error)) throw error;
  }
  // ANALYZE skips a table that the role does not own, with no more than a warning.
  return !(await readPartitionState(db)).lacksStatistics;
}

/**
 * A statement that is planned for all partitions locks each with all of its indexes.
 * @returns a warning if that is more than `max_locks_per_transaction`, by which PostgreSQL sizes its table of locks.
 */
export async function readLockWarning(db: Database): Promise<string | undefined> {
  const [row] = await db.query<{ locks: number; setting: number }[]>`/* readPartitionLocks */
    SELECT (count(DISTINCT inhrelid) + count(indexrelid))::int AS locks, current_setting('max_locks_per_transaction')::int AS setting
    FROM pg_inherits LEFT JOIN pg_index ON indrelid = inhrelid WHERE inhparent = to_regclass('events')`;
  if (!row || row.locks <= row.setting) return undefined;
  return `A statement can lock ${row.locks} partitions and indexes, and max_locks_per_transaction is ${row.setting}: many at once fail with "out of shared memory". Set it to at least ${row.locks}, and restart PostgreSQL.`;
}
