import type { FastifyContextConfig, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';
import { limitConcurrency } from './limits/concurrency.ts';
import type { Admitted, Claim, LoadShedding } from './limits/load-shedding.ts';
import { createRejectionPacing } from './limits/rejection-pacing.ts';
import { type Charge, RateLimitedError, rateLimitKey } from './limits/rate.ts';
import { isArriving, onWorkEnd, workMs } from './lifecycle/timing.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; undefined for a request without valid credentials. */
    viewer?: Viewer;
    /** Its place among the requests that this process works on. */
    admitted?: Admitted;
  }
  interface FastifyContextConfig {
    /** Points that a request to an API costs; undefined for routes that need no credentials. */
    points?: number;
    /** Answered under any load: health checks. */
    essential?: boolean;
  }
}

/**
 * Identifies who sent a request.
 * @throws {UnauthenticatedError}
 * @throws {RateLimitedError} where the address has sent too many wrong credentials.
 */
export type Authenticate = (request: FastifyRequest) => Promise<Viewer>;

/**
 * Lets a request of an API in, before its body is read: in this order, it is authenticated, given a concurrency slot,
 * charged and admitted by load shedding. So a request that is shed costs its points, and charges that wait for the database are
 * bounded by the key's slots.
 * @throws {UnauthenticatedError} @throws {RateLimitedError} @throws {OverloadedError}
 */
export type Admit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

/** What admission is made of. */
export interface AdmissionOptions {
  authenticate: Authenticate;
  charge: Charge;
  /** Requests of a key that are in flight at the same time; 0: no limit. */
  concurrencyLimit: number;
  load: LoadShedding;
}

/** Makes the admission of all APIs. */
export function createAdmission({ authenticate, charge, concurrencyLimit, load }: AdmissionOptions): Admit {
  const reserveSlot = limitConcurrency(concurrencyLimit);
  const pace = createRejectionPacing();
  return async (request, reply) => {
    const viewer = await authenticate(request);
    request.viewer = viewer;
    const key = rateLimitKey(viewer);
    try {
      reserveSlot(request, key);
      await charge(viewer, reply, request.routeOptions.config.points ?? 0);
    } catch (error) {
      if (error instanceof RateLimitedError) await pace(key);
      throw error;
    }
    await admitToLoad(load, request, { workspaceId: viewer.workspaceId, key });
  };
}

/** Requires credentials for all routes of an API, and admits their requests. */
export function requireViewer(app: FastifyInstance, admit: Admit): void {
  if (!app.hasRequestDecorator('viewer')) app.decorateRequest('viewer');
  app.addHook('onRequest', admit);
}

/** Who sent a request that `requireViewer` has let in. @throws {UnauthenticatedError} */
export function viewerOf({ viewer }: FastifyRequest): Viewer {
  if (!viewer) throw new UnauthenticatedError();
  return viewer;
}

/** Bytes of a body that take about as long to decode, parse and check as a read of one row takes in all: 25 ms a megabyte. */
const BODY_BYTES_OF_ONE_READ = 10_000;

/** Whose the requests without credentials are, such as those for pages: addresses share what a workspace would get. */
const ANONYMOUS = 'anonymous';

/**
 * Sheds load: rejects requests at once while the process is full. While a body arrives, its request counts for nothing: slow
 * senders would have all others rejected. Routes with `points` are admitted by `createAdmission` instead, once it is known
 * whose their requests are.
 */
export function shedLoad(app: FastifyInstance, load: LoadShedding): void {
  app.decorateRequest('admitted');
  app.addHook('onClose', async () => load.stop());
  app.addHook('onRequest', (request, _reply, done) => {
    if (isAdmittedElsewhere(request.routeOptions.config)) return done();
    admitToLoad(load, request, { workspaceId: ANONYMOUS, key: request.ip }).then(() => done(), done);
  });
  app.addHook('preParsing', ({ admitted }, _reply, payload, done) => {
    admitted?.pause();
    done(null, payload);
  });
  app.addHook('preValidation', ({ admitted, headers, body }, _reply, done) => {
    admitted?.resume();
    const bytes = Number(headers['content-length'] ?? (typeof body === 'string' ? body.length : 0));
    if (!admitted || bytes <= BODY_BYTES_OF_ONE_READ) return done();
    admitted.addWork(bytes / BODY_BYTES_OF_ONE_READ);
    admitted.awaitTurn(done);
  });
}

const isAdmittedElsewhere = ({ points, essential }: FastifyContextConfig) => points !== undefined || essential;

/** @throws {OverloadedError} */
function admitToLoad(load: LoadShedding, request: FastifyRequest, claim: Claim): Promise<void> {
  return new Promise((resolve, reject) => {
    load.admit(claim, (error, admitted) => {
      if (!admitted) return reject(error);
      request.admitted = admitted;
      onWorkEnd(request, () => {
        const { work } = request;
        admitted.end(work && !isArriving(work) ? workMs(work) : undefined);
      });
      resolve();
    });
  });
}
