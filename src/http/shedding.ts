import type { FastifyInstance } from 'fastify';
import { watchLoad } from './load.ts';
import { isArriving, whenDone, workedMs } from './work.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered however much there is to do: what tells others how this process is. */
    essential?: boolean;
  }
  interface FastifyRequest {
    /** Whether it was let in, and so is one of those under way. */
    isCounted?: boolean;
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
 * time. How many that is follows from how long the event loop and requests take (`load.ts`). While a body arrives, its
 * request counts for nothing: slow senders would have all others refused.
 */
export function shedLoad(app: FastifyInstance, limit: number): void {
  const load = watchLoad(limit);
  app.addHook('onClose', async () => load.stop());
  app.decorateRequest('isCounted', false);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.essential) return done();
    if (!load.begin()) return done(OVERLOADED);
    request.isCounted = true;
    whenDone(request, () => {
      const { work } = request;
      if (work && !isArriving(work)) load.end(workedMs(work));
    });
    done();
  });
  app.addHook('preParsing', ({ isCounted }, _reply, payload, done) => {
    if (isCounted) load.pause();
    done(null, payload);
  });
  app.addHook('preValidation', ({ isCounted }, _reply, done) => {
    if (isCounted) load.resume();
    done();
  });
}
