import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { type Connections, withConnection } from './statements.ts';

/** A workspace's share of a pool. */
export interface PoolShare extends Connections {
  /** Runs one statement on a connection of its own. */
  query(statement: QueryConfig): Promise<QueryResult>;
}

/**
 * How many connections a workspace may hold for each free one. With 2, one active workspace holds up to two thirds of the
 * pool, two hold two fifths each, three hold two sevenths each: some connections are always free for the next workspace. This
 * is the dynamic threshold of shared-memory switches (Choudhury and Hahne, 1998), which needs no list of active workspaces.
 */
const HELD_PER_FREE = 2;

/** A request that waits for its workspace's share. */
interface Waiter {
  grant(): void;
}

/** A workspace that holds connections or waits for one. */
interface Tenant {
  held: number;
  waiting: Set<Waiter>;
}

/**
 * Divides a pool among workspaces, so that none can hold all connections, for example with statements that wait for locks.
 * Waiting workspaces are served round-robin.
 * @param waitMs how long in ms to wait for a share; after that, `connect` fails with the pool's own timeout error.
 */
export function sharePool(pool: Pool, waitMs: number): (workspaceId: string) => PoolShare {
  const size = pool.options.max;
  const tenants = new Map<string, Tenant>();
  let held = 0;

  const isBelowShare = (tenant: Tenant) => tenant.held < HELD_PER_FREE * (size - held);

  function take(tenant: Tenant): void {
    tenant.held += 1;
    held += 1;
  }

  function returnShare(workspaceId: string, tenant: Tenant): void {
    tenant.held -= 1;
    held -= 1;
    removeIfIdle(workspaceId, tenant);
    grantRoundRobin();
  }

  function removeIfIdle(workspaceId: string, { held: own, waiting }: Tenant): void {
    if (own === 0 && waiting.size === 0) tenants.delete(workspaceId);
  }

  /** Grants one share to each waiting workspace, and moves it to the end of the order. */
  function grantRoundRobin(): void {
    for (const [workspaceId, tenant] of [...tenants]) {
      const [next] = tenant.waiting;
      if (!next || !isBelowShare(tenant)) continue;
      tenant.waiting.delete(next);
      tenants.delete(workspaceId);
      tenants.set(workspaceId, tenant);
      take(tenant);
      next.grant();
    }
  }

  function waitForShare(workspaceId: string, tenant: Tenant): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        tenant.waiting.delete(waiter);
        removeIfIdle(workspaceId, tenant);
        reject(new Error('timeout exceeded when trying to connect'));
      }, waitMs);
      const waiter: Waiter = {
        grant: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      tenant.waiting.add(waiter);
    });
  }

  /** Waits for a share. The workspace then holds it, even if the pool has no connection. */
  async function takeShare(workspaceId: string): Promise<Tenant> {
    const tenant = tenants.get(workspaceId) ?? { held: 0, waiting: new Set() };
    tenants.set(workspaceId, tenant);
    if (tenant.waiting.size === 0 && isBelowShare(tenant)) take(tenant);
    else await waitForShare(workspaceId, tenant);
    return tenant;
  }

  return (workspaceId) => {
    async function connect(): Promise<PoolClient> {
      const tenant = await takeShare(workspaceId);
      try {
        const client = await pool.connect();
        const { release } = client;
        // The pool sets `release` each time it hands out a client.
        client.release = (error) => {
          release.call(client, error);
          returnShare(workspaceId, tenant);
        };
        return client;
      } catch (error) {
        returnShare(workspaceId, tenant);
        throw error;
      }
    }

    return { connect, query: (statement) => withConnection({ connect }, (client) => client.query(statement)) };
  };
}
