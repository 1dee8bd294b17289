import type { Authenticate as AuthenticateHeader } from '../auth/authenticate.ts';
import { UnauthenticatedError } from '../auth/viewer.ts';
import type { Authenticate } from './admission.ts';
import { countWrongCredentials } from './limits/login-throttle.ts';

/**
 * Authenticates requests by their `Authorization` header, and limits failed attempts.
 * @param failureLimit wrong credentials a minute from an address; 0: no limit.
 */
export function createAuthentication(authenticate: AuthenticateHeader, failureLimit: number): Authenticate {
  if (failureLimit === 0) return ({ headers }) => authenticate(headers.authorization);
  const wrong = countWrongCredentials(failureLimit);
  return async (request) => {
    const { authorization } = request.headers;
    // Requests without credentials do not count as failed logins.
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
  };
}
