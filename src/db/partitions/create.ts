import type { DatabaseClient } from '../client.ts';
import { firstIdOf, monthName, startOfMonth } from './months.ts';
import { PartitionError, type PartitionSession, withPartitionLock } from './session.ts';
import { type Partition, readPartitionState } from './state.ts';

/** How many months after the current one have a partition. */
export const DEFAULT_AHEAD = 3;

/**
 * Creates the partitions that are missing for this month and the next ones. Writers are not blocked: a partition is created as a table
 * of its own and then attached.
 * @returns the names of the new partitions; undefined if another process changes partitions, indexes or the schema.
 * @throws {PartitionError} if `events` is not partitioned.
 */
export function createPartitionsAhead(db: DatabaseClient, ahead = DEFAULT_AHEAD): Promise<string[] | undefined> {
  return withPartitionLock(db, async (session) => {
    const { partitions, now } = await readPartitionState(db);
    if (!partitions) throw new PartitionError('events is not partitioned. Run npm run cli -- partitions create.');
    const months = missingMonths(partitions, now, ahead);
    for (const month of months)
      await session.transaction('createPartition', await partitionSql(session, month, 'events'));
    // Autovacuum does not analyze a partitioned table as a whole.
    if (months.length > 0) await analyzePartitions(session);
    return months.map(partitionName);
  });
}

/** The months from the current one on that no partition contains. */
export function missingMonths(partitions: readonly Pick<Partition, 'from' | 'to'>[], now: Date, ahead: number): Date[] {
  return Array.from({ length: ahead + 1 }, (_, place) => startOfMonth(now, place)).filter(
    (month) => !partitions.some(({ from, to }) => (from === null || from <= month) && month < to),
  );
}

/** The name of the partition of a month: `events_2026_11`. */
export const partitionName = (month: Date) => `events_${monthName(month)}`;

/** SQL statements that create the partition of a month. `CREATE TABLE … PARTITION OF` would lock readers and writers out of the parent. */
export async function partitionSql({ client }: PartitionSession, month: Date, parent: string): Promise<string[]> {
  const name = partitionName(month);
  const { rows } = await client.query<{ owner: string; isOther: boolean }>(`/* readOwner */
    SELECT relowner::regrole::text AS owner, relowner::regrole::text <> quote_ident(current_user) AS "isOther"
    FROM pg_class WHERE oid = to_regclass('events')`);
  return [
    `CREATE TABLE "${name}" (LIKE "${parent}" INCLUDING ALL)`,
    ...(rows[0]?.isOther ? [`ALTER TABLE "${name}" OWNER TO ${rows[0].owner}`] : []),
    `ALTER TABLE "${parent}" ATTACH PARTITION "${name}" FOR VALUES FROM ('${firstIdOf(month)}') TO ('${firstIdOf(startOfMonth(month, 1))}')`,
  ];
}

/** Collects the statistics of the whole table, which plans of its queries need. */
export async function analyzePartitions({ client }: PartitionSession): Promise<void> {
  await client.query('/* analyzePartitions */ BEGIN; SET LOCAL statement_timeout TO 0; ANALYZE events; COMMIT');
}
