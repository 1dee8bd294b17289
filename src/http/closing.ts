import type { FastifyInstance } from 'fastify';
import type { Connections } from './connections.ts';

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
