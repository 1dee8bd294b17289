import type { PoolClient } from 'pg';
import type { Database } from './client.ts';
import { isGivenUp } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import { type Db, statementsOn } from './statements.ts';

/**
 * Runs statements in one transaction (READ COMMITTED), and again where it deadlocked or conflicted with another one.
 * Whatever the function does beside the database may thus happen twice.
 */
export function inTransaction<Result>(db: Database, run: (tx: Db) => Promise<Result>): Promise<Result> {
  return retryOnConflict(() => once(db, run));
}

async function once<Result>({ connections, prepared }: Database, run: (tx: Db) => Promise<Result>): Promise<Result> {
  const client = await connections.connect();
  try {
    await client.query('BEGIN');
    const result = await run(statementsOn(client, prepared));
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    if (isGivenUp(error)) client.release(true);
    else await rollBack(client);
    throw error;
  }
}

/** Undoes a transaction; a connection that cannot do that is closed. */
async function rollBack(client: PoolClient): Promise<void> {
  await client.query('ROLLBACK').then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
}
