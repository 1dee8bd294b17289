import { Client, type ClientConfig } from 'pg';
import { it } from 'vitest';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../../src/db/client.ts';
import { CONVERSION_CHECK } from '../../src/db/errors.ts';
import { PREPARED_MARK } from '../../src/db/partitions/marks.ts';
import { idBoundOf } from '../../src/db/partitions/months.ts';
import { type Partition, PREPARED_TABLE, readPartitionState } from '../../src/db/partitions/state.ts';
import type { TestDatabase } from './database.ts';
import { variant } from './variant.ts';

/** A test of a database whose events are not partitioned yet: skipped with `TEST_PARTITIONED=on`. */
export const itUnlessPartitioned = it.skipIf(variant.partitioned);

/** The oldest partition. */
export async function firstPartition(db: DatabaseClient): Promise<Partition> {
  const [first] = (await readPartitionState(db)).partitions ?? [];
  if (!first) throw new Error('There is no partition.');
  return first;
}

/** Opens a transaction in a session of its own, which disposal ends. */
export async function begin({ connection }: { connection: ClientConfig }, statement: string) {
  const client = new Client(connection);
  await client.connect();
  await client.query(`BEGIN; ${statement}`);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** Opens a partitioned database without statistics of the whole table, in which statements wait for locks for 100 ms. */
export async function openUnanalyzed({ db, connection }: Pick<TestDatabase, 'db' | 'connection'>) {
  await forgetStatistics(db);
  const impatient = openDatabase(connection, { poolSize: 1, timeouts: { ...DEFAULT_TIMEOUTS, lockMs: 100 } });
  return { db: impatient, [Symbol.asyncDispose]: () => impatient.$disconnect() };
}

/** Makes the partitioned table one that was never analyzed, as after a restore. */
export async function forgetStatistics(db: DatabaseClient): Promise<void> {
  await db.$executeRawUnsafe("UPDATE pg_class SET reltuples = -1 WHERE oid = 'events'::regclass");
}

/** What a conversion that was killed during the check leaves. @param until events from then on are rejected. */
export async function leaveCheck(db: DatabaseClient, until: Date): Promise<void> {
  await db.$executeRawUnsafe(
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${idBoundOf(until)}') NOT VALID`,
  );
}

/** What a conversion that was killed before the swap leaves. @param until events from then on are rejected. */
export async function leaveConversion(db: DatabaseClient, until: Date): Promise<void> {
  await leaveCheck(db, until);
  for (const sql of [
    `CREATE TABLE ${PREPARED_TABLE} (LIKE events) PARTITION BY RANGE (id)`,
    `ALTER TABLE ${PREPARED_TABLE} ADD FOREIGN KEY (workspace_id) REFERENCES workspaces (workspace_id)`,
    `COMMENT ON TABLE ${PREPARED_TABLE} IS '${PREPARED_MARK}'`,
  ])
    await db.$executeRawUnsafe(sql);
}
