import { DatabaseError, type PoolClient } from 'pg';
import type { DatabaseClient } from '../../src/db/client.ts';

/**
 * Counts the deadlocks of all transactions from now on. `inTransaction` retries after a deadlock, so that results do not show
 * it.
 */
export function countDeadlocks({ pool }: DatabaseClient): { deadlocks: number } {
  const counter = { deadlocks: 0 };
  const watched = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => {
    if (watched.has(client)) return;
    watched.add(client);
    const query: (...args: unknown[]) => unknown = client.query.bind(client);
    const watching = (...args: unknown[]) => {
      const result = query(...args);
      if (result instanceof Promise) {
        result.catch((error: unknown) => {
          if (error instanceof DatabaseError && error.code === '40P01') counter.deadlocks += 1;
        });
      }
      return result;
    };
    // The driver's `query` has a dozen overloads.
    client.query = watching as PoolClient['query'];
  });
  return counter;
}
