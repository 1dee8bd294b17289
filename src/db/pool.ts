import { Pool, type PoolConfig } from 'pg';
import { addressOf, type Connection, clientOf, type PrimarySource } from './session.ts';
import { closeSilentConnections, type DatabaseTimeouts } from './timeouts.ts';

interface OpenPoolOptions extends Pick<PoolConfig, 'onConnect'> {
  /** Maximum number of connections. */
  size: number;
  timeouts: DatabaseTimeouts;
  /** Where to open each connection, instead of the address of the pool. */
  source?: PrimarySource | undefined;
}

/** Opens a connection pool; it connects at the first statement. */
export function openPool(connection: Connection, { size, timeouts, source, onConnect }: OpenPoolOptions): Pool {
  const pool = new Pool({
    ...addressOf(connection),
    Client: clientOf(connection, timeouts, source),
    max: size,
    connectionTimeoutMillis: timeouts.poolWaitMs,
    onConnect,
  });
  // A client in use reports errors to its caller. An idle client has no listener, and an error without a listener ends the
  // process, for example when the database server shuts down.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
  closeSilentConnections(pool, timeouts.statementMs);
  return pool;
}
