import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { FastifyInstance } from 'fastify';

/** How long in ms a shutdown waits for requests in flight. */
const GRACE_MS = 5_000;

/**
 * Once the shutdown begins, answers each request with `Connection: close`, so that clients send their next request on another
 * connection. A request on a connection that is just being closed would be lost.
 */
export function endConnections(app: FastifyInstance, ending: AbortSignal): void {
  app.addHook('onSend', (_request, reply, _payload, done) => {
    if (ending.aborted) reply.header('connection', 'close');
    done();
  });
}

/** Closes idle connections when the server closes, and all others after the grace period. */
export function closeInTime(app: FastifyInstance, { closeIdle }: Connections): void {
  app.addHook('preClose', async () => {
    closeIdle();
    setTimeout(() => app.server.closeAllConnections(), GRACE_MS).unref();
  });
}

/** The open connections of a server. */
export interface Connections {
  /** Whether a request on the connection is received, or its response has begun. */
  isResponding(socket: Socket): boolean;
  /** Whether the connection has a request in flight, received or not. */
  isBusy(socket: Socket): boolean;
  /**
   * Closes the connections without a request in flight. Node's `closeIdleConnections` keeps connections that have not sent a
   * request yet, such as those that browsers open in advance.
   */
  closeIdle(): void;
}

/** Tracks which connections have requests in flight. */
export function trackConnections(server: Server): Connections {
  const open = new Set<Socket>();
  const inFlight = new Map<Socket, Set<ServerResponse>>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', ({ socket }, response) => {
    const responses = inFlight.get(socket) ?? new Set();
    inFlight.set(socket, responses.add(response));
    response.on('close', () => {
      responses.delete(response);
      if (responses.size === 0) inFlight.delete(socket);
    });
  });
  return {
    isResponding: (socket) =>
      [...(inFlight.get(socket) ?? [])].some((response) => response.headersSent || response.req.complete),
    isBusy: (socket) => inFlight.has(socket),
    closeIdle: () => {
      for (const socket of open) if (!inFlight.has(socket)) socket.destroy();
    },
  };
}
