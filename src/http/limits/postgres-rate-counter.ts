import type { QueryConfig } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import type { DatabaseClient } from '../../db/client.ts';
import { COUNTING, type Counter, countWith, workspaceOfKey } from './rate.ts';

/** Maximum of the column `points`, an `integer`. */
const MAX_POINTS = 2 ** 31 - 1;

/**
 * Counts in the table `rate_limit_points`, shared by all gateways of a database: one statement per charge, and another one if
 * it is rejected. The statements use connections of the workspace's share of the pool. Rows that expired more than an hour ago
 * are deleted every five minutes.
 *
 * If the database does not respond, the charge fails as the request would: there is no other counter to fall back to.
 */
export function countInPostgres({
  pool,
  forWorkspace,
  prepared,
}: Pick<DatabaseClient, 'pool' | 'forWorkspace' | 'prepared'>): Counter {
  const storeClient = {
    query: ({ name, ...query }: QueryConfig) => {
      const [key] = query.values ?? [];
      // The deletion of expired rows has no key.
      const workspaceId = typeof key === 'string' ? workspaceOfKey(key) : undefined;
      const connections = workspaceId === undefined ? pool : forWorkspace(workspaceId).connections;
      return connections.query(prepared ? { ...query, name } : query);
    },
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
