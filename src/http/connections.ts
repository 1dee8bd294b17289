import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/**
 * Remembers which connections have a request under way, since Node's own `closeIdleConnections` leaves those open that
 * have not sent a request yet, such as a browser opens ahead of time.
 *
 * @returns a function that closes all others.
 */
export function trackConnections(server: Server): () => void {
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    busy.add(socket);
    response.on('close', () => busy.delete(socket));
  });
  return () => {
    for (const socket of open) if (!busy.has(socket)) socket.destroy();
  };
}
