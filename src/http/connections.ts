import type { Server } from 'node:http';
import type { Socket } from 'node:net';

/** What is known of a server's connections. */
export interface Connections {
  /** Whether a request of a connection is being answered. */
  isBusy(socket: Socket): boolean;
  /**
   * Closes all others. Node's own `closeIdleConnections` leaves those open that have not sent a request yet, such as a
   * browser opens ahead of time.
   */
  closeIdle(): void;
}

/** Remembers which connections have a request under way. */
export function trackConnections(server: Server): Connections {
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
  return {
    isBusy: (socket) => busy.has(socket),
    closeIdle: () => {
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
    },
  };
}
