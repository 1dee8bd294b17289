import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolConfig } from 'pg';
import { type Prisma, PrismaClient } from './generated/client.ts';
import { statementsOn } from './statements.ts';

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
  | '$executeRaw'
>;

/** How to reach a database: a URL, or the parts of one. */
export type Connection = Pick<PoolConfig, 'connectionString' | 'host' | 'port' | 'user' | 'password' | 'database'>;

/** The client itself, which can open transactions and be closed. */
export type Database = ReturnType<typeof openDatabase>;

/**
 * Most milliseconds that a request waits for a free connection before it fails as unavailable. With a statement's after it,
 * it fails within 10 s; and a connection that hangs is closed within 5 s, so that the next one may find the server again.
 */
export const POOL_WAIT_MS = 4_000;

/**
 * Most milliseconds that the driver waits for an answer: more than PostgreSQL takes to end a statement, but that cannot
 * while it is paused or cut off. The connection is closed then; whether the statement was carried out is not known.
 */
const ANSWER_MS = 4_500;

/**
 * What a session is begun with. In UTC: the adapter reads and writes `timestamptz` as if it were, and would store instants
 * hours off on a database with another time zone. Limits in ms: of a statement, of a wait for a lock, and of a
 * transaction between two statements.
 */
const SESSION =
  '-c TimeZone=UTC -c statement_timeout=4000 -c lock_timeout=2000 -c idle_in_transaction_session_timeout=10000';

/** How a database is used. */
interface Use {
  /** Connections at the most. */
  poolSize?: number;
  /** False where a pooler in between cannot keep prepared statements. */
  prepared?: boolean;
}

/**
 * Opens a pool of connections; none is made until the first statement. Prisma's models and the statements of the domain
 * share it; the latter go straight through the driver.
 */
export function openDatabase(connection: Connection, { poolSize = 10, prepared = true }: Use = {}) {
  const pool = new Pool({
    ...withSession(connection),
    max: poolSize,
    connectionTimeoutMillis: POOL_WAIT_MS,
    query_timeout: ANSWER_MS,
  });
  // Whoever uses a connection sees its errors. Between two users nobody listens, and an error without a listener would
  // end the process: a server that ends its sessions does that.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  const prisma = new PrismaClient({ adapter, transactionOptions: { maxWait: POOL_WAIT_MS, timeout: 10_000 } });
  return Object.assign(prisma, statementsOn(pool, prepared), { pool, prepared });
}

/** Adds to the session's options; those of a URL come first, and would otherwise replace ours. */
function withSession(connection: Connection): Connection & { options: string } {
  if (!connection.connectionString) return { ...connection, options: SESSION };
  const url = new URL(connection.connectionString);
  const options = `${url.searchParams.get('options') ?? ''} ${SESSION}`.trim();
  url.searchParams.delete('options');
  return { ...connection, connectionString: url.href, options };
}
