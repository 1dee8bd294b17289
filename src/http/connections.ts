import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What is known of a server's connections. */
export interface Connections {
  /** Whether an answer of a connection is under way: a request that has arrived, or is answered already. */
  isAnswering(socket: Socket): boolean;
  /** Whether a connection has a request that has no complete answer yet. */
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
  const busy = new Map<Socket, Set<ServerResponse>>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const answers = busy.get(socket) ?? new Set();
    busy.set(socket, answers.add(response));
    response.on('close', () => {
      answers.delete(response);
      if (answers.size === 0) busy.delete(socket);
    });
  });
  return {
    isAnswering: (socket) =>
      [...(busy.get(socket) ?? [])].some((response) => response.headersSent || response.req.complete),
    isBusy: (socket) => busy.has(socket),
    closeIdle: () => {
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
    },
  };
}
