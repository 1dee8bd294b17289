import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Load, watchLoad } from './load.ts';
import { whenDone, workedMs } from './work.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered however much there is to do: what tells others how this process is. */
    essential?: boolean;
  }
  interface FastifyRequest {
    /** Set for a request that was let in. */
    place?: Place | undefined;
  }
}

/** The place that a request has among those under way. */
interface Place {
  /** False while the body arrives, which its sender is to answer for. */
  taken: boolean;
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
  app.decorateRequest('place', undefined);
  app.addHook('onRequest', (request, _reply, done) => {
    if (request.routeOptions.config.essential) return done();
    if (!load.begin()) return done(OVERLOADED);
    takePlace(request, load);
    done();
  });
  app.addHook('preParsing', ({ place }, _reply, payload, done) => {
    if (place) {
      place.taken = false;
      load.pause();
    }
    done(null, payload);
  });
  app.addHook('preValidation', ({ place }, _reply, done) => {
    if (place) {
      place.taken = true;
      load.resume();
    }
    done();
  });
}

function takePlace(request: FastifyRequest, load: Load): void {
  const place: Place = { taken: true };
  request.place = place;
  whenDone(request, () => {
    if (place.taken && request.work) load.end(workedMs(request.work));
  });
}
