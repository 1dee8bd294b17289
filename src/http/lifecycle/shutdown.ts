import type { FastifyInstance } from 'fastify';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Longest time in ms that a shutdown waits for requests under way. */
const GRACE_MS = 5_000;

/**
 * Closes each connection with the answer to its request, once the gateway is to stop: a client that knows of it sends nothing
 * more there. A request that came to a connection that was just being closed would be lost.
 */
export function endConnections(app: FastifyInstance, ending: AbortSignal): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (ending.aborted) reply.header('connection', 'close');
    done();
  });
}

/** Closes what is idle when the server closes, and what is not, when it has had its time. */
export function closeInTime(app: FastifyInstance, { closeIdle }: Connections): void {
  app.addHook('preClose', async () => {
    closeIdle();
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref();
  });
}

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
