import { Pool, type PoolClient } from 'pg';
import { addressOf, type Connection, type ConnectionSource, clientOf } from './session.ts';
import { closeSilentConnections, type DatabaseTimeouts } from './timeouts.ts';

interface OpenPoolOptions {
  /** Maximum number of connections. */
  size: number;
  timeouts: DatabaseTimeouts;
  /** Chooses the server of each new connection; by default, the address of `connection`. */
  source?: ConnectionSource | undefined;
  /** Checks a connection that has been opened. If it rejects, the connection is not used. */
  onConnect?: ((client: PoolClient) => Promise<void>) | undefined;
}

/** Opens a connection pool; it connects at the first statement. */
export function openPool(connection: Connection, { size, timeouts, source, onConnect }: OpenPoolOptions): Pool {
  const pool = new Pool({
    ...addressOf(connection),
    Client: clientOf(connection, timeouts, source),
    max: size,
    connectionTimeoutMillis: timeouts.poolWaitMs,
    // The driver passes a client of the pool; its types say that it is a base class.
    onConnect: onConnect && ((client) => onConnect(client as PoolClient)),
  });
  // A client in use reports errors to its caller. An idle client has no listener, and an error without a listener ends the
  // process, for example when the database server shuts down.
  pool.on('connect', (client) => client.on('error', () => {})).on('error', () => {});
  closeSilentConnections(pool, timeouts.statementMs);
  return pool;
}
