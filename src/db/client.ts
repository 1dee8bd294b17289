import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolConfig } from 'pg';
import { byWorkspace } from './batching.ts';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { DatabaseIndexes } from './indexes/state.ts';
import { type PoolShare, sharePool } from './pool-shares.ts';
import { statementsOn, type WriteDb } from './statements.ts';
import { closeSilentConnections, type DatabaseTimeouts } from './timeouts.ts';

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

/** The address of a database: a URL, or the parts of that of the embedded server, which has neither passwords nor TLS. */
export type Connection = Pick<PoolConfig, 'connectionString' | 'host' | 'port' | 'user' | 'database'> & { ssl?: false };

/** The primary, for single statements and for transactions. */
export interface Database extends WriteDb {
  connections: PoolShare;
  /** False if a connection pooler cannot keep prepared statements. */
  prepared: boolean;
  timeouts: DatabaseTimeouts;
}

/** An open database: Prisma's models, the pool, and a handle for each workspace that shares it. */
export type DatabaseClient = ReturnType<typeof openDatabase>;

/** Timeouts for CLI commands; those of a gateway are configurable. */
export const DEFAULT_TIMEOUTS: DatabaseTimeouts = {
  statementMs: 5_000,
  lockMs: 2_000,
  poolWaitMs: 5_000,
  userQueueMs: 8_000,
  countMs: 1_000,
};

/**
 * How long in ms the driver waits for an answer after `statementMs`. PostgreSQL cannot cancel a statement while it is paused or
 * unreachable; the driver then closes the connection, and the outcome of the statement is unknown.
 */
const ANSWER_MARGIN_MS = 500;

/** `idle_in_transaction_session_timeout`, in ms. */
const IDLE_TRANSACTION_MS = 10_000;

/**
 * The startup options of a session. Prisma's adapter assumes that the session's time zone is UTC; with another one, it would
 * store instants that are hours off.
 */
const sessionOptions = ({ statementMs, lockMs }: DatabaseTimeouts) =>
  `-c TimeZone=UTC -c statement_timeout=${statementMs} -c lock_timeout=${lockMs} -c idle_in_transaction_session_timeout=${IDLE_TRANSACTION_MS}`;

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
  { poolSize = 10, prepared = true, timeouts = DEFAULT_TIMEOUTS }: DatabaseOptions = {},
) {
  const pool = new Pool({
    ...withSession(connection, sessionOptions(timeouts)),
    max: poolSize,
    connectionTimeoutMillis: timeouts.poolWaitMs,
  });
  // A client in use reports errors to its caller. An idle client has no listener, and an error without a listener ends the
  // process, for example when the database server shuts down.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
  closeSilentConnections(pool, timeouts.statementMs + ANSWER_MARGIN_MS);
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  const prisma = new PrismaClient({
    adapter,
    // The other formats put the arguments of a call, which are customer data, into the message.
    errorFormat: 'minimal',
    transactionOptions: { maxWait: timeouts.poolWaitMs, timeout: 10_000 },
  });
  const indexes = new DatabaseIndexes();
  const database: Database = { ...statementsOn(pool, prepared), connections: pool, prepared, timeouts, indexes };
  const shareOf = sharePool(pool, timeouts.poolWaitMs);
  return Object.assign(prisma, database, {
    pool,
    indexes,
    /** The same database, limited to the workspace's share of the connections (`pool-shares.ts`). */
    forWorkspace: byWorkspace((workspaceId): Database => {
      const share = shareOf(workspaceId);
      return { ...statementsOn(share, prepared), connections: share, prepared, timeouts, indexes };
    }),
  });
}

/** Appends session options to those of the URL, which would otherwise replace them. */
function withSession(connection: Connection, sessionOptions: string): Connection & { options: string } {
  if (!connection.connectionString) return { ...connection, options: sessionOptions };
  const url = new URL(connection.connectionString);
  const options = `${url.searchParams.get('options') ?? ''} ${sessionOptions}`.trim();
  url.searchParams.delete('options');
  return { ...connection, connectionString: url.href, options };
}
