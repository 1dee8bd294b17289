import type { Db } from '../db/client.ts';
import { byKey } from './by-key.ts';
import { byToken } from './by-token.ts';
import type { VerifyToken } from './tokens.ts';
import { UnauthenticatedError, type Viewer } from './viewer.ts';

/**
 * Turns an `Authorization` header into a viewer.
 * @throws {UnauthenticatedError}
 * @throws {KeysUnavailableError} when a token cannot be verified just now.
 */
export type Authenticate = (authorization: string | undefined) => Promise<Viewer>;

/** Lets callers in by their key, and by tokens where there is a way to verify them. */
export function createAuthenticate(db: Db, verifyToken?: VerifyToken): Authenticate {
  const ways = [byKey(db), ...(verifyToken ? [byToken(db, verifyToken)] : [])];
  return async (authorization) => {
    for (const way of ways) {
      const viewer = await way(authorization);
      if (viewer) return viewer;
    }
    throw new UnauthenticatedError(verifyToken !== undefined);
  };
}
