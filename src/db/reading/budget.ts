import { QueryTimeoutError } from '../errors.ts';
import { ONCE_TIMEOUT_MS } from '../query-once.ts';
import type { ReadDb } from '../statements.ts';

/**
 * The database for one answer: its statements of `queryOnce` together take at most as long as one of them may.
 * @throws {QueryTimeoutError} from `queryOnce`, of the whole time, if a statement takes longer than what is left.
 */
export function withinOneTimeout(db: ReadDb): ReadDb {
  const deadline = performance.now() + ONCE_TIMEOUT_MS;
  return {
    ...(db.indexes ? { indexes: db.indexes } : {}),
    query: (query, ...values) => db.query(query, ...values),
    async queryOnce<Rows>(statement: Parameters<ReadDb['queryOnce']>[0], timeoutMs = ONCE_TIMEOUT_MS) {
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs <= 0) throw new QueryTimeoutError(ONCE_TIMEOUT_MS);
      if (timeoutMs <= leftMs) return db.queryOnce<Rows>(statement, timeoutMs);
      try {
        return await db.queryOnce<Rows>(statement, leftMs);
      } catch (error) {
        throw error instanceof QueryTimeoutError ? new QueryTimeoutError(ONCE_TIMEOUT_MS) : error;
      }
    },
  };
}
