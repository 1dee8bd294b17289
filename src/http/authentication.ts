import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate as AuthenticateHeader } from '../auth/authenticate.ts';
import { digestOf } from '../auth/credentials.ts';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';
import { failedLoginChannel } from '../telemetry/channels.ts';
import { limitConcurrency } from './limits/concurrency.ts';
import type { LoadShedding } from './limits/load-shedding.ts';
import { admitRequest } from './limits/load-shedding-hooks.ts';
import { createLoginThrottle } from './limits/login-throttle.ts';
import { type Charge, rateLimitKey } from './limits/rate.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; undefined for a request without valid credentials. */
    viewer?: Viewer;
  }
}

/**
 * Authenticates a request.
 * @throws {UnauthenticatedError}
 * @throws {RateLimitedError} if its address has had too many failed logins.
 */
export type Authenticate = (request: FastifyRequest) => Promise<Viewer>;

/**
 * Authenticates requests by their `Authorization` header, and throttles failed logins.
 * @param failureLimit failed logins per minute and address; 0: no limit.
 */
export function createAuthentication(authenticate: AuthenticateHeader, failureLimit: number): Authenticate {
  const throttle = failureLimit === 0 ? undefined : createLoginThrottle(failureLimit);
  return async (request) => {
    const { authorization } = request.headers;
    // Requests without credentials do not count as failed logins.
    if (authorization === undefined) return authenticate(authorization);
    const digest = digestOf(authorization);
    throttle?.check(request.ip, digest);
    try {
      const viewer = await authenticate(authorization, digest);
      throttle?.recordSuccess(digest);
      return viewer;
    } catch (error) {
      if (error instanceof UnauthenticatedError) {
        failedLoginChannel.publish({});
        throttle?.recordFailure(request.ip, digest);
      }
      throw error;
    }
  };
}

/**
 * Admits a request to an API before its body is read: authenticates it, reserves a concurrency slot, charges its points, and
 * passes it to load shedding, in this order. A request that is shed therefore costs its points, and the slots of a key limit
 * how many charges wait for the database.
 * @throws {UnauthenticatedError} @throws {RateLimitedError} @throws {OverloadedError}
 */
export type Admit = (request: FastifyRequest, reply: FastifyReply) => Promise<void>;

interface AdmissionOptions {
  authenticate: Authenticate;
  charge: Charge;
  /** Concurrent requests per key; 0: no limit. */
  concurrencyLimit: number;
  load: LoadShedding;
}

/** Creates the admission that all APIs share. */
export function createAdmission({ authenticate, charge, concurrencyLimit, load }: AdmissionOptions): Admit {
  const reserveSlot = limitConcurrency(concurrencyLimit);
  return async (request, reply) => {
    const viewer = await authenticate(request);
    request.viewer = viewer;
    const key = rateLimitKey(viewer);
    reserveSlot(request, key);
    await charge(viewer, reply, request.routeOptions.config.points ?? 0);
    await admitRequest(load, request, { workspaceId: viewer.workspaceId, key });
  };
}

/** Requires authentication and admission for all routes of an API. */
export function requireViewer(app: FastifyInstance, admit: Admit): void {
  if (!app.hasRequestDecorator('viewer')) app.decorateRequest('viewer');
  app.addHook('onRequest', admit);
}

/** The viewer of a request to a route with `requireViewer`. @throws {UnauthenticatedError} */
export function viewerOf({ viewer }: FastifyRequest): Viewer {
  if (!viewer) throw new UnauthenticatedError();
  return viewer;
}
