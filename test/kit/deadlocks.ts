import { DatabaseError, type PoolClient } from 'pg';
import type { DatabaseClient } from '../../src/db/client.ts';

/** A query that receives its result itself, without a promise. */
interface Query {
  handleError(error: unknown, ...others: unknown[]): void;
}

const isQuery = (statement: unknown): statement is Query =>
  typeof statement === 'object' && statement !== null && 'handleError' in statement;

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
    const count = (error: unknown) => {
      if (error instanceof DatabaseError && error.code === '40P01') counter.deadlocks += 1;
    };
    const watching = (...args: unknown[]) => {
      const [statement] = args;
      if (isQuery(statement)) {
        const { handleError } = statement;
        statement.handleError = (error, ...others) => {
          count(error);
          handleError.call(statement, error, ...others);
        };
      }
      const result = query(...args);
      if (result instanceof Promise) result.catch(count);
      return result;
    };
    // The driver's `query` has a dozen overloads.
    client.query = watching as PoolClient['query'];
  });
  return counter;
}
