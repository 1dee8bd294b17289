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
    if (credentials.secret === undefined) return key.withPublicKey;
    return isSecret(credentials.secret, key.secretDigest) ? key.withSecret : undefined;
  };
}

/** A key in force, and whom it lets in. */
interface KnownKey {
  secretDigest: Uint8Array;
  withSecret: Viewer;
  withPublicKey: Viewer;
}

/** The key in force with a public half, or nothing; nor where two have it, which 144 random bits rule out. */
async function readKey(db: Database, publicKey: string): Promise<KnownKey | undefined> {
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
  const who = { keyId: key.id, workspaceId: key.workspaceId, workspace: key.workspace.name };
  const scopes = new Set(key.scopes.filter(isScope));
  const open = new Set(publicScopes.filter((scope) => scopes.has(scope)));
  return {
    secretDigest: key.secretDigest,
    withSecret: { ...who, credential: 'secret', rateLimit: key.rateLimit, scopes },
    withPublicKey: { ...who, credential: 'publicKey', rateLimit: key.rateLimitPublic, scopes: open },
  };
}
