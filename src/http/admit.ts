import type { FastifyRequest } from 'fastify';
import type { Authenticate } from '../auth/authenticate.ts';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';
import { limitAtOnce } from './at-once.ts';
import type { Admit } from './viewer.ts';
import { countWrongCredentials } from './wrong-credentials.ts';

/** What callers are held to; 0: not held to it. */
export interface AdmissionLimits {
  /** Requests of a key that are answered at once. */
  requestsAtOnce: number;
  /** Wrong credentials a minute from an address. */
  wrongCredentials: number;
}

/** Makes what every door asks before it reads a body. */
export function createAdmit(authenticate: Authenticate, limits: AdmissionLimits): Admit {
  const takePlace = limitAtOnce(limits.requestsAtOnce);
  const identify = limits.wrongCredentials === 0 ? byHeader : guarded;
  const wrong = countWrongCredentials(limits.wrongCredentials);

  function byHeader({ headers }: FastifyRequest): Promise<Viewer> {
    return authenticate(headers.authorization);
  }

  /** Who shows nothing guesses nothing. */
  async function guarded(request: FastifyRequest): Promise<Viewer> {
    const { authorization } = request.headers;
    if (authorization === undefined) return authenticate(authorization);
    wrong.check(request.ip, authorization);
    try {
      const viewer = await authenticate(authorization);
      wrong.passed(authorization);
      return viewer;
    } catch (error) {
      if (error instanceof UnauthenticatedError) wrong.failed(request.ip, authorization);
      throw error;
    }
  }

  return async (request) => {
    const viewer = await identify(request);
    takePlace(request, viewer);
    return viewer;
  };
}
