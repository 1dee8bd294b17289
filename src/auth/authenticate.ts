import { LRUCache } from 'lru-cache';
import type { Database } from '../db/client.ts';
import { isScope, publicScopes } from '../domain/scopes.ts';
import { isSecret, parseBasic } from './credentials.ts';
import { UnauthenticatedError, type Viewer } from './viewer.ts';

/** A revoked key lives on, and a fresh one may be unknown, for this long at the most. */
export const KEY_CACHE_MS = 10_000;

/** Keys remembered at the most; unknown ones count too, so that guesses do not all reach the database. */
const KEYS_CACHED = 10_000;

/** Turns an `Authorization` header into a viewer. @throws {UnauthenticatedError} */
export type Authenticate = (authorization: string | undefined) => Promise<Viewer>;

/** Looks keys up by their public half, and remembers what it found for `KEY_CACHE_MS`. */
export function createAuthenticate(db: Database): Authenticate {
  const cache = new LRUCache<string, ReturnType<typeof readKey>>({ max: KEYS_CACHED, ttl: KEY_CACHE_MS });

  function keyOf(publicKey: string): ReturnType<typeof readKey> {
    const cached = cache.get(publicKey);
    if (cached) return cached;
    const reading = readKey(db, publicKey);
    cache.set(publicKey, reading);
    reading.catch(() => cache.delete(publicKey));
    return reading;
  }

  return async (authorization) => {
    const credentials = parseBasic(authorization);
    const key = credentials && (await keyOf(credentials.publicKey));
    if (!key) throw new UnauthenticatedError();
    const { secretDigest, scopes, ...who } = key;
    if (credentials.secret === undefined) {
      return {
        ...who,
        credential: 'publicKey',
        scopes: new Set(publicScopes.filter((scope) => scopes.includes(scope))),
      };
    }
    if (!isSecret(credentials.secret, secretDigest)) throw new UnauthenticatedError();
    return { ...who, credential: 'secret', scopes: new Set(scopes) };
  };
}

/** The key in force with a public half, or nothing; nor where two have it, which 144 random bits rule out. */
async function readKey(db: Database, publicKey: string) {
  const [key, second] = await db.apiKey.findMany({
    where: { publicKey, revokedAt: null },
    select: { id: true, workspaceId: true, secretDigest: true, scopes: true, workspace: { select: { name: true } } },
    take: 2,
  });
  if (!key || second) return undefined;
  return {
    keyId: key.id,
    workspaceId: key.workspaceId,
    workspace: key.workspace.name,
    secretDigest: key.secretDigest,
    scopes: key.scopes.filter(isScope),
  };
}
