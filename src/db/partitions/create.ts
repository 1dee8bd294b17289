import type { Database } from '../client.ts';
import { isStatementTimeout } from '../errors.ts';
import { firstIdOf, monthName, startOfMonth } from './months.ts';
import { changePartitions, PartitionError } from './session.ts';
import type { Partition } from './state.ts';

/** What to do if a command needs partitions. */
export const NOT_PARTITIONED = 'events is not partitioned. Run npm run cli -- partitions create.';

/** How many months after the current one have a partition. */
export const DEFAULT_AHEAD = 3;

/**
 * Creates the partitions that are missing for this month and the next ones. Writers are not blocked: a partition is created as a table
 * of its own and then attached.
 * @returns the names of the new partitions; undefined if another process changes partitions, indexes or the schema.
 * @throws {PartitionError} if `events` is not partitioned.
 */
export async function createPartitionsAhead(db: Database, ahead = DEFAULT_AHEAD): Promise<string[] | undefined> {
  const created: string[] = [];
  for (;;) {
    let month: Date | undefined;
    const isDone = await changePartitions(db, 'createPartition', ({ partitions, now, owner }) => {
      if (!partitions) throw new PartitionError(NOT_PARTITIONED);
      [month] = missingMonths(partitions, now, ahead);
      return month ? partitionSql(month, 'events', owner) : [];
    });
    if (!isDone) return undefined;
    if (!month) break;
    created.push(partitionName(month));
  }
  if (created.length > 0) await analyzePartitions(db);
  return created;
}

/** The months from the current one on that no partition contains. */
export function missingMonths(partitions: readonly Pick<Partition, 'from' | 'to'>[], now: Date, ahead: number): Date[] {
  return Array.from({ length: ahead + 1 }, (_, place) => startOfMonth(now, place)).filter(
    (month) => !partitions.some(({ from, to }) => (from === null || from <= month) && month < to),
  );
}

/** The name of the partition of a month: `events_2026_11`. */
export const partitionName = (month: Date) => `events_${monthName(month)}`;

/**
 * SQL statements that create the partition of a month. `CREATE TABLE … PARTITION OF` would lock readers and writers out of the parent.
 * @param owner the role that owns the tables, if it is not the current one.
 */
export function partitionSql(month: Date, parent: string, owner: string | null): string[] {
  const name = partitionName(month);
  return [
    `CREATE TABLE "${name}" (LIKE "${parent}" INCLUDING ALL)`,
    ...(owner === null ? [] : [`ALTER TABLE "${name}" OWNER TO ${owner}`]),
    `ALTER TABLE "${parent}" ATTACH PARTITION "${name}" FOR VALUES FROM ('${firstIdOf(month)}') TO ('${firstIdOf(startOfMonth(month, 1))}')`,
  ];
}

/**
 * Collects the statistics of the whole table, which autovacuum does not do for partitioned tables. Where that exceeds the statement
 * timeout, as it can in a gateway, the previous statistics remain.
 */
export async function analyzePartitions(db: Database): Promise<void> {
  try {
    await db.execute`/* analyzePartitions */ ANALYZE events`;
  } catch (error) {
    if (!isStatementTimeout(error)) throw error;
  }
}
