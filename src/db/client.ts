import { PrismaPg } from '@prisma/adapter-pg';
import { byWorkspace } from './batching.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { DatabaseIndexes } from './indexes/state.ts';
import { openPool } from './pool.ts';
import { type PoolShare, sharePool, wholePool } from './pool-shares.ts';
import { PrimaryMonitor } from './servers/primary-monitor.ts';
import type { Connection } from './session.ts';
import { statementsOn, type WriteDb } from './statements.ts';
import type { DatabaseTimeouts } from './timeouts.ts';

export type { Connection } from './session.ts';
export type { ReadDb, WriteDb } from './statements.ts';

/** Prisma's models, of the client or of one of its transactions; not used on the request path. */
export type Models = Pick<
  Prisma.TransactionClient,
  | 'workspace'
  | 'apiKey'
  | 'user'
  | 'device'
  | 'list'
  | 'listMembership'
  | 'segment'
  | 'segmentDefinition'
  | 'segmentMembership'
  | 'segmentSuppression'
  | 'event'
  | 'change'
  | 'idempotencyKey'
  | '$executeRaw'
>;

/** The primary, for single statements and for transactions. */
export interface Database extends WriteDb {
  connections: PoolShare;
  /** False if a connection pooler cannot keep prepared statements. */
  prepared: boolean;
  timeouts: DatabaseTimeouts;
}

/** An open database: Prisma's models, the pool, and a handle for each workspace that shares it. */
export type DatabaseClient = ReturnType<typeof openDatabase>;

/** The timeouts of a database that is opened without others: the defaults of the gateway. */
export const DEFAULT_TIMEOUTS: DatabaseTimeouts = {
  statementMs: 5_000,
  lockMs: 2_000,
  poolWaitMs: 5_000,
  userQueueMs: 8_000,
  countMs: 1_000,
};

interface DatabaseOptions {
  /** Maximum number of connections; 10 by default. */
  poolSize?: number;
  /** False if a connection pooler cannot keep prepared statements. */
  prepared?: boolean;
  timeouts?: DatabaseTimeouts;
}

/**
 * Opens a connection pool; it connects at the first statement. Prisma's models and the domain's statements share the pool; the
 * latter go directly through the driver.
 */
export function openDatabase(
  connection: Connection,
  { poolSize = 10, timeouts = DEFAULT_TIMEOUTS, ...options }: DatabaseOptions = {},
) {
  const { servers, connectionString = '' } = connection;
  // The nodes of a distributed database plan the statements of a workspace themselves.
  const prepared = (options.prepared ?? true) && !connection.isDistributed;
  const monitor = servers && new PrimaryMonitor(servers, connectionString);
  const pool = openPool(connection, { size: poolSize, timeouts, source: monitor });
  monitor?.watchPool(pool);
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  const prisma = new PrismaClient({
    adapter,
    // The other formats put the arguments of a call, which are customer data, into the message.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: timeouts.poolWaitMs, timeout: 10_000 },
  });
  const indexes = new DatabaseIndexes();
  const connections = wholePool(pool);
  const database: Database = {
    ...statementsOn(connections, prepared),
    connections,
    prepared,
    timeouts,
    indexes,
  };
  const shares = sharePool(pool, timeouts.poolWaitMs);
  const disconnect = prisma.$disconnect.bind(prisma);
  return Object.assign(prisma, database, {
    pool,
    /** Knows the primary, if the database has several servers. */
    monitor,
    async $disconnect() {
      monitor?.stop();
      await disconnect();
    },
    indexes,
    /** Returns how many requests wait for their workspace's share of the pool. */
    countWaitingForShare: shares.countWaiting,
    /** The same database, limited to the workspace's share of the connections (`pool-shares.ts`). */
    forWorkspace: byWorkspace((workspaceId): Database => {
      const share = shares.of(workspaceId);
      return { ...statementsOn(share, prepared), connections: share, prepared, timeouts, indexes };
    }),
  });
}
