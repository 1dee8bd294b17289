import { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { GIVEN_UP } from './errors.ts';

/**
 * Closes a connection that is in use and has been silent for so many ms: its statement fails then. One timer of each socket
 * does that, where the driver's `query_timeout` has one for each statement (docs/performance-steps.md).
 */
export function closeSilentConnections(pool: Pool, ms: number): void {
  const inUse = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => inUse.add(client));
  pool.on('release', (_error, client) => inUse.delete(client));
  pool.on('connect', (client) => {
    const socket = 'connection' in client ? streamOf(client.connection) : undefined;
    if (!(socket instanceof Socket)) throw new Error('The driver has no socket where it used to have it.');
    socket.setTimeout(ms, () => {
      if (inUse.has(client)) socket.destroy(new Error(GIVEN_UP));
    });
  });
}

function streamOf(connection: unknown): unknown {
  return typeof connection === 'object' && connection && 'stream' in connection ? connection.stream : undefined;
}
