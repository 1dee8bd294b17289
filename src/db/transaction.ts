import type { PoolClient } from 'pg';
import type { Database } from './client.ts';
import { describeDatabaseError, isAnswerTimeout } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import { acquire, controlTransaction, statementsOnClient, type WriteDb } from './statements.ts';

/**
 * Runs statements in one READ COMMITTED transaction, and retries it after a deadlock or a serialization failure. Side effects
 * of `run` outside the database can therefore happen more than once.
 */
export function inTransaction<Result>(db: Database, run: (tx: WriteDb) => Promise<Result>): Promise<Result> {
  return retryOnConflict(() => attempt(db, run));
}

async function attempt<Result>(
  { connections, prepared }: Database,
  run: (tx: WriteDb) => Promise<Result>,
): Promise<Result> {
  const client = await acquire(connections);
  try {
    await controlTransaction(client, 'BEGIN');
    const result = await run(statementsOnClient(client, prepared));
    await controlTransaction(client, 'COMMIT');
    client.release();
    return result;
  } catch (error) {
    if (isAnswerTimeout(error) || isReadOnly(error)) client.release(true);
    else await rollBack(client);
    throw error;
  }
}

/** Whether the server rejected a write because it is no longer the primary: its connections are useless. */
const isReadOnly = (error: unknown) => describeDatabaseError(error).sqlState === '25006';

/** Rolls back, and closes the connection if that fails. */
async function rollBack(client: PoolClient): Promise<void> {
  await controlTransaction(client, 'ROLLBACK').then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
}
