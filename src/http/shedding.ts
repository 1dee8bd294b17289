import type { FastifyInstance, FastifyRequest } from 'fastify';
import { watchLoad } from './load.ts';
import { whenDone } from './work.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered however much there is to do: what tells others how this process is. */
    essential?: boolean;
  }
}

/** There is more to do than can be done in good time; seconds later there may not be. */
export class OverloadedError extends Error {
  readonly code = 'SERVICE_UNAVAILABLE';
}

/** One for all: to find out where it was thrown would cost more than all else about an answer. */
const OVERLOADED = new OverloadedError('There is more to do than can be done in good time; try again later.');

/**
 * Refuses requests at once, before anything is done for them, while as many are under way as can be answered in good
 * time. How many that is follows from how long the event loop and requests take (`load.ts`).
 */
export function shedLoad(app: FastifyInstance, limit: number): void {
  const load = watchLoad(limit);
  app.addHook('onClose', async () => load.stop());
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.essential) return done();
    if (!load.begin()) return done(OVERLOADED);
    follow(request, load.end);
    done();
  });
}

function follow(request: FastifyRequest, end: (ms: number) => void): void {
  const begun = performance.now();
  whenDone(request, () => end(performance.now() - begun));
}
