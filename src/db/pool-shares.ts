import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { isRefused } from './errors.ts';

/** Connections as one workspace gets them. */
export interface PoolShare {
  /** @throws as the pool does, also where the wait for the workspace's share was too long. */
  connect(): Promise<PoolClient>;
  query(statement: QueryConfig): Promise<QueryResult>;
}

/**
 * How many connections a workspace may hold for each one that is free. With 2, one workspace alone holds up to two thirds
 * of the pool, two hold two fifths each, three two sevenths: some are always free for the next one. This is the dynamic
 * threshold of shared-memory switches (Choudhury and Hahne, 1998), which needs no list of who is active.
 */
const HELD_PER_FREE = 2;

/** A request for a connection that waits for the workspace's share. */
interface Waiter {
  grant(): void;
}

/** A workspace that holds connections or waits for one. */
interface Tenant {
  held: number;
  waiting: Set<Waiter>;
}

/**
 * Divides a pool among workspaces, so that none can hold all of its connections, for example by statements that wait for
 * locks. Those that wait are served in turn, one workspace after the other.
 * @param waitMs how long to wait for a share, in ms; then the same error as for a wait for the pool.
 */
export function sharePool(pool: Pool, waitMs: number): (workspaceId: string) => PoolShare {
  const size = pool.options.max;
  const tenants = new Map<string, Tenant>();
  let held = 0;

  const mayTakeOne = (tenant: Tenant) => tenant.held < HELD_PER_FREE * (size - held);

  function take(tenant: Tenant): void {
    tenant.held += 1;
    held += 1;
  }

  function giveBack(workspaceId: string, tenant: Tenant): void {
    tenant.held -= 1;
    held -= 1;
    forgetIfIdle(workspaceId, tenant);
    grantInTurn();
  }

  function forgetIfIdle(workspaceId: string, { held: own, waiting }: Tenant): void {
    if (own === 0 && waiting.size === 0) tenants.delete(workspaceId);
  }

  /** Serves the waiting workspaces in turn: whoever is served goes to the end of the line. */
  function grantInTurn(): void {
    for (const [workspaceId, tenant] of [...tenants]) {
      const [next] = tenant.waiting;
      if (!next || !mayTakeOne(tenant)) continue;
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
        forgetIfIdle(workspaceId, tenant);
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

  /** Waits for a share; the workspace holds it then, whether the pool gives a connection or not. */
  async function takeShare(workspaceId: string): Promise<Tenant> {
    const tenant = tenants.get(workspaceId) ?? { held: 0, waiting: new Set() };
    tenants.set(workspaceId, tenant);
    if (tenant.waiting.size === 0 && mayTakeOne(tenant)) take(tenant);
    else await waitForShare(workspaceId, tenant);
    return tenant;
  }

  return (workspaceId) => {
    async function connect(): Promise<PoolClient> {
      const tenant = await takeShare(workspaceId);
      try {
        const client = await pool.connect();
        const { release } = client;
        // The pool sets `release` anew with each connection that it hands out.
        client.release = (error) => {
          release.call(client, error);
          giveBack(workspaceId, tenant);
        };
        return client;
      } catch (error) {
        giveBack(workspaceId, tenant);
        throw error;
      }
    }

    async function query(statement: QueryConfig): Promise<QueryResult> {
      const client = await connect();
      let isUsable = false;
      try {
        const result = await client.query(statement);
        isUsable = true;
        return result;
      } catch (error) {
        isUsable = isRefused(error);
        throw error;
      } finally {
        client.release(!isUsable);
      }
    }

    return { connect, query };
  };
}
