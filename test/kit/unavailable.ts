import type { DatabaseClient } from '../../src/db/client.ts';
import { resetShardViews } from './distribution.ts';

/** Makes each statement that reads a user fail as those of a server that is starting up. */
export async function makeUsersUnavailable(db: Pick<DatabaseClient, '$queryRaw' | '$executeRawUnsafe'>): Promise<void> {
  for (const sql of [
    'ALTER TABLE users RENAME TO hidden',
    `CREATE FUNCTION gone() RETURNS int LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'down' USING ERRCODE = '57P03'; END $$`,
    'CREATE VIEW users AS SELECT *, gone() FROM hidden',
  ])
    await db.$executeRawUnsafe(sql);
  await resetShardViews(db);
}
