import { setTimeout as delay } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { Database } from './client.ts';
import { isConflict } from './errors.ts';
import { type Db, statementsOn } from './statements.ts';

/** Tries at the most, of a transaction that lost to a concurrent one. */
const ATTEMPTS = 5;

/** Longest first pause in ms; it doubles with each try. */
const PAUSE_MS = 10;

/**
 * Runs statements in one transaction (READ COMMITTED), and again, after a pause of random length, where it
 * deadlocked or conflicted with another one. Whatever the function does beside the database may thus happen twice.
 */
export async function inTransaction<Result>(db: Database, run: (tx: Db) => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await once(db, run);
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await delay(Math.random() * PAUSE_MS * 2 ** attempt);
    }
  }
}

async function once<Result>({ pool, prepared }: Database, run: (tx: Db) => Promise<Result>): Promise<Result> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    const result = await run(statementsOn(client, prepared));
    await client.query('COMMIT');
    client.release();
    return result;
  } catch (error) {
    await rollBack(client);
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
