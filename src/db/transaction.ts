import type { PoolClient } from 'pg';
import type { Database } from './client.ts';
import { isAnswerTimeout, isReadOnlyError } from './errors.ts';
import { retryOnConflict } from './retry.ts';
import { acquire, controlTransaction, statementsOnClient, type WriteDb } from './statements.ts';

/**
 * Runs statements in one READ COMMITTED transaction, and retries it after a deadlock or a serialization failure. Side effects
 * of `run` outside the database can therefore happen more than once.
 */
export function inTransaction<Result>(db: Database, run: (tx: WriteDb) => Promise<Result>): Promise<Result> {
  return retryOnConflict(() => attemptTransaction(db, run));
}

async function attemptTransaction<Result>(
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
    if (isAnswerTimeout(error) || isReadOnlyError(error)) client.release(error as Error);
    else await rollBack(client);
    throw error;
  }
}

/** Rolls back, and closes the connection if that fails. */
async function rollBack(client: PoolClient): Promise<void> {
  await controlTransaction(client, 'ROLLBACK').then(
    () => client.release(),
    (error: Error) => client.release(error),
  );
}
