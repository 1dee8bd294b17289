import type { Database } from '../db/client.ts';
import { isScope, publicScopes } from '../domain/scopes.ts';
import { isSecret, parseBasic } from './credentials.ts';
import { remember } from './remember.ts';
import type { Viewer } from './viewer.ts';

/** Lets callers in by `Basic base64(key:secret)`, or `key:`; nothing for any other header, or a key that is not in force. */
export function byKey(db: Database): (authorization: string | undefined) => Promise<Viewer | undefined> {
  const keyOf = remember((publicKey) => readKey(db, publicKey));
  return async (authorization) => {
    const credentials = parseBasic(authorization);
    const key = credentials && (await keyOf(credentials.publicKey));
    if (!key) return undefined;
    const { secretDigest, scopes, rateLimit, rateLimitPublic, ...who } = key;
    if (credentials.secret === undefined) {
      const open = publicScopes.filter((scope) => scopes.includes(scope));
      return { ...who, credential: 'publicKey', rateLimit: rateLimitPublic, scopes: new Set(open) };
    }
    return isSecret(credentials.secret, secretDigest)
      ? { ...who, credential: 'secret', rateLimit, scopes: new Set(scopes) }
      : undefined;
  };
}

/** The key in force with a public half, or nothing; nor where two have it, which 144 random bits rule out. */
async function readKey(db: Database, publicKey: string) {
  const [key, second] = await db.apiKey.findMany({
    where: { publicKey, revokedAt: null },
    select: {
      id: true,
      workspaceId: true,
      secretDigest: true,
      scopes: true,
      rateLimit: true,
      rateLimitPublic: true,
      workspace: { select: { name: true } },
    },
    take: 2,
  });
  if (!key || second) return undefined;
  return {
    keyId: key.id,
    workspaceId: key.workspaceId,
    workspace: key.workspace.name,
    secretDigest: key.secretDigest,
    scopes: key.scopes.filter(isScope),
    rateLimit: key.rateLimit,
    rateLimitPublic: key.rateLimitPublic,
  };
}
