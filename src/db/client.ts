import { PrismaPg } from '@prisma/adapter-pg';
import { Pool, type PoolConfig } from 'pg';
import { type Prisma, PrismaClient } from './generated/client.ts';

/** How to reach a database: a URL, or the parts of one. */
export type Connection = Pick<PoolConfig, 'connectionString' | 'host' | 'port' | 'user' | 'password' | 'database'>;

/** What a domain function takes: the client, or a transaction of it. */
export type Db = Prisma.TransactionClient;

/** The client itself, which can open transactions and be closed. */
export type Database = ReturnType<typeof openDatabase>;

/** Most milliseconds that a request waits for a free connection before it fails as unavailable. */
export const POOL_WAIT_MS = 5_000;

/**
 * Opens a pool of connections; none is made until the first statement.
 *
 * Sessions run in UTC: the adapter reads and writes `timestamptz` as if they did, and would
 * store instants hours off on a database with another time zone.
 */
export function openDatabase(connection: Connection, poolSize = 10) {
  const pool = new Pool({ ...inUtc(connection), max: poolSize, connectionTimeoutMillis: POOL_WAIT_MS });
  // Whoever uses a connection sees its errors. Between two users nobody listens for a moment, and an error without a
  // listener would end the process: a server that ends its sessions under load does that.
  pool.on('connect', (client) => client.on('error', () => {}));
  const adapter = new PrismaPg(pool, { disposeExternalPool: true });
  return new PrismaClient({
    adapter,
    log: [{ emit: 'event', level: 'query' }],
    transactionOptions: { maxWait: POOL_WAIT_MS, timeout: 10_000 },
  });
}

/** Adds the time zone to the session's options; those of a URL come first, and would otherwise replace it. */
function inUtc(connection: Connection): Connection & { options: string } {
  const utc = '-c TimeZone=UTC';
  if (!connection.connectionString) return { ...connection, options: utc };
  const url = new URL(connection.connectionString);
  const options = `${url.searchParams.get('options') ?? ''} ${utc}`.trim();
  url.searchParams.delete('options');
  return { ...connection, connectionString: url.href, options };
}
