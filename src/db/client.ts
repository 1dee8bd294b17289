import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolConfig } from 'pg';
import { byWorkspace } from './batching.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { type PoolShare, sharePool } from './pool-shares.ts';
import { type Db, statementsOn } from './statements.ts';
import type { DatabaseTimeouts } from './timeouts.ts';
import { closeSilentConnections } from './timeouts.ts';

export type { Db } from './statements.ts';

/** Prisma's models, of the client or of a transaction of its: for what is not asked for with every request. */
export type Models = Pick<
  Prisma.TransactionClient,
  | 'workspace'
  | 'apiKey'
  | 'user'
  | 'device'
  | 'list'
  | 'listMembership'
  | 'segment'
  | 'segmentMembership'
  | 'event'
  | 'auditEntry'
  | 'idempotencyKey'
  | '$executeRaw'
>;

/** How to reach a database: a URL, or the parts of one. */
export type Connection = Pick<PoolConfig, 'connectionString' | 'host' | 'port' | 'user' | 'password' | 'database'>;

/** The database as domain functions use it: for single statements and for transactions. */
export interface Database extends Db {
  /** Where connections come from. */
  connections: PoolShare;
  /** False where a pooler in between cannot keep prepared statements. */
  prepared: boolean;
  waits: DatabaseTimeouts;
}

/** An open database: Prisma's models, the pool, and views of it for the workspaces that share it. */
export type DatabaseClient = ReturnType<typeof openDatabase>;

/** For commands; a gateway's are configured. */
const WAITS: DatabaseTimeouts = { statementMs: 5_000, lockMs: 2_000, poolWaitMs: 5_000 };

/**
 * How much longer in ms the driver waits for an answer than PostgreSQL takes to end a statement, which that cannot do while
 * it is paused or cut off. The connection is closed then; whether the statement was carried out is not known.
 */
const ANSWER_MARGIN_MS = 500;

/** Longest time in ms that a transaction is left alone between two statements. */
const IDLE_MS = 10_000;

/**
 * What a session is begun with. In UTC: the adapter reads and writes `timestamptz` as if it were, and would store instants
 * hours off on a database with another time zone.
 */
const sessionOptions = ({ statementMs, lockMs }: DatabaseTimeouts) =>
  `-c TimeZone=UTC -c statement_timeout=${statementMs} -c lock_timeout=${lockMs} -c idle_in_transaction_session_timeout=${IDLE_MS}`;

/** How a database is used. */
interface Use {
  /** Connections at the most. */
  poolSize?: number;
  /** False where a pooler in between cannot keep prepared statements. */
  prepared?: boolean;
  waits?: DatabaseTimeouts;
}

/**
 * Opens a pool of connections; none is made until the first statement. Prisma's models and the statements of the domain
 * share it; the latter go straight through the driver.
 */
export function openDatabase(connection: Connection, { poolSize = 10, prepared = true, waits = WAITS }: Use = {}) {
  const pool = new Pool({
    ...withSession(connection, sessionOptions(waits)),
    max: poolSize,
    connectionTimeoutMillis: waits.poolWaitMs,
  });
  // Whoever uses a connection sees its errors. Between two users nobody listens, and an error without a listener would
  // end the process: a server that ends its sessions does that.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
  closeSilentConnections(pool, waits.statementMs + ANSWER_MARGIN_MS);
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  const prisma = new PrismaClient({
    adapter,
    // Others hold the arguments of a call.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: waits.poolWaitMs, timeout: 10_000 },
  });
  const own: Database = { ...statementsOn(pool, prepared), connections: pool, prepared, waits };
  const shareOf = sharePool(pool, waits.poolWaitMs);
  return Object.assign(prisma, own, {
    pool,
    /** The same database, of whose connections a workspace gets no more than its share (`pool-shares.ts`). */
    forWorkspace: byWorkspace((workspaceId): Database => {
      const share = shareOf(workspaceId);
      return { ...statementsOn(share, prepared), connections: share, prepared, waits };
    }),
  });
}

/** Adds to the session's options; those of a URL come first, and would otherwise replace ours. */
function withSession(connection: Connection, ours: string): Connection & { options: string } {
  if (!connection.connectionString) return { ...connection, options: ours };
  const url = new URL(connection.connectionString);
  const options = `${url.searchParams.get('options') ?? ''} ${ours}`.trim();
  url.searchParams.delete('options');
  return { ...connection, connectionString: url.href, options };
}
