import type { QueryConfig } from 'pg';
import { RateLimiterPostgres } from 'rate-limiter-flexible';
import { COUNTING, countWith, type SharedCounter, workspaceOfKey } from './rate.ts';

/** Maximum of the column `points`, an `integer`. */
const MAX_POINTS = 2 ** 31 - 1;

/** A pool, or a workspace's share of one. It reports the statements by their labels. */
interface Connections {
  query(statement: QueryConfig): Promise<unknown>;
}

interface Database {
  connections: Connections;
  forWorkspace(workspaceId: string): { connections: Connections };
  /** False if the connections go through a pooler without support for prepared statements. */
  prepared: boolean;
}

/**
 * Counts in the table `rate_limit_points`, shared by all gateways of a database: one statement per charge, and another one if
 * it is rejected. The statements use connections of the workspace's share of the pool. Rows that expired more than an hour ago
 * are deleted every five minutes.
 *
 * If the database does not respond, the charge fails as the request would: there is no other counter to fall back to.
 */
export function countInPostgres({ connections, forWorkspace, prepared }: Database): SharedCounter {
  const storeClient = {
    query: ({ name, values = [], text: unlabeled }: QueryConfig) => {
      const [key] = values;
      // The deletion of expired rows has no key.
      const hasKey = typeof key === 'string';
      const text = hasKey ? `/* countPoints */ ${unlabeled}` : `/* deleteExpiredPoints */ ${unlabeled}`;
      const workspaceId = hasKey ? workspaceOfKey(key) : undefined;
      const share = workspaceId === undefined ? connections : forWorkspace(workspaceId).connections;
      return share.query(prepared ? { name, text, values } : { text, values });
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
