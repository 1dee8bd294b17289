import type { Pool, PoolClient, QueryConfig, QueryResult } from 'pg';
import { POOL_TIMEOUT } from './errors.ts';
import { type Connections, queryLabeled } from './statements.ts';

/** A workspace's share of a pool, or the whole pool. */
export interface PoolShare extends Connections {
  /** Runs one statement, which has a label, on a connection of its own, and reports it. */
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
 */
class PoolShares {
  readonly #pool: Pool;
  readonly #waitMs: number;
  readonly #tenants = new Map<string, Tenant>();
  #held = 0;

  constructor(pool: Pool, waitMs: number) {
    this.#pool = pool;
    this.#waitMs = waitMs;
  }

  /** Reserves a connection of a workspace's share until it is released. */
  async connect(workspaceId: string): Promise<PoolClient> {
    const tenant = await this.#takeShare(workspaceId);
    try {
      const client = await this.#pool.connect();
      const { release } = client;
      // The pool sets `release` each time it hands out a client.
      client.release = (error) => {
        release.call(client, error);
        this.#returnShare(workspaceId, tenant);
      };
      return client;
    } catch (error) {
      this.#returnShare(workspaceId, tenant);
      throw error;
    }
  }

  /** Number of requests that wait for their workspace's share. */
  get waitingCount(): number {
    let count = 0;
    for (const { waiting } of this.#tenants.values()) count += waiting.size;
    return count;
  }

  /** Waits for a share. The workspace then holds it, even if the pool has no connection. */
  async #takeShare(workspaceId: string): Promise<Tenant> {
    const tenant = this.#tenants.get(workspaceId) ?? { held: 0, waiting: new Set() };
    this.#tenants.set(workspaceId, tenant);
    if (tenant.waiting.size === 0 && this.#isBelowShare(tenant)) this.#take(tenant);
    else await this.#waitForShare(workspaceId, tenant);
    return tenant;
  }

  #isBelowShare({ held }: Tenant): boolean {
    return held < HELD_PER_FREE * (this.#pool.options.max - this.#held);
  }

  #take(tenant: Tenant): void {
    tenant.held += 1;
    this.#held += 1;
  }

  #returnShare(workspaceId: string, tenant: Tenant): void {
    tenant.held -= 1;
    this.#held -= 1;
    this.#removeIfIdle(workspaceId, tenant);
    this.#grantRoundRobin();
  }

  #removeIfIdle(workspaceId: string, { held, waiting }: Tenant): void {
    if (held === 0 && waiting.size === 0) this.#tenants.delete(workspaceId);
  }

  /** Grants one share to each waiting workspace, and moves it to the end of the order. */
  #grantRoundRobin(): void {
    for (const [workspaceId, tenant] of [...this.#tenants]) {
      const [next] = tenant.waiting;
      if (!next || !this.#isBelowShare(tenant)) continue;
      tenant.waiting.delete(next);
      this.#tenants.delete(workspaceId);
      this.#tenants.set(workspaceId, tenant);
      this.#take(tenant);
      next.grant();
    }
  }

  #waitForShare(workspaceId: string, tenant: Tenant): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        tenant.waiting.delete(waiter);
        this.#removeIfIdle(workspaceId, tenant);
        reject(new Error(POOL_TIMEOUT));
      }, this.#waitMs);
      const waiter: Waiter = {
        grant: () => {
          clearTimeout(timer);
          resolve();
        },
      };
      tenant.waiting.add(waiter);
    });
  }
}

/** The whole pool, for work that belongs to no workspace. */
export const wholePool = (pool: Pool): PoolShare => withQuery({ connect: () => pool.connect() });

const withQuery = (connections: Connections): PoolShare => ({
  ...connections,
  query: (statement) => queryLabeled(connections, statement),
});

/**
 * Shares a pool fairly.
 * @param waitMs how long in ms to wait for a share; after that, `connect` fails with the pool's own timeout error.
 */
export function sharePool(pool: Pool, waitMs: number) {
  const shares = new PoolShares(pool, waitMs);
  return {
    /** Returns the share of a workspace. */
    of(workspaceId: string): PoolShare {
      return withQuery({ connect: () => shares.connect(workspaceId) });
    },
    /** Returns how many requests wait for their workspace's share. */
    countWaiting: () => shares.waitingCount,
  };
}
