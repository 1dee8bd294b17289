import type { Pool, QueryConfig } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { COUNTING, type Counter, countWith } from './rate.ts';

/** Most points that the column takes, which is an `integer`. */
const MAX_POINTS = 2 ** 31 - 1;

/**
 * Counts in the table `rate_limit_points`, for all gateways on one database together: a statement for each time that
 * points are taken, and another one where they are refused. What has expired for an hour is removed every five minutes.
 *
 * Where the database does not answer, nor would the request; it fails as that would have, and nobody counts instead.
 * @param prepared false where a pooler in between cannot keep prepared statements.
 */
export function countInPostgres({ pool, prepared }: { pool: Pool; prepared: boolean }): Counter {
  const storeClient = {
    query: ({ name, ...query }: QueryConfig) => pool.query(prepared ? { ...query, name } : query),
  };
  return countWith(
    new RateLimiterPostgres({
      ...COUNTING,
      points: MAX_POINTS,
      keyPrefix: '',
      storeClient,
      storeType: 'client',
      tableName: 'rate_limit_points',
      tableCreated: true,
    }),
  );
}
