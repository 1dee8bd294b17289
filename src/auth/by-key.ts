import type { Db } from '../db/client.ts';
import { nameOfKey } from '../domain/actor.ts';
import { isScope, publicScopes } from '../domain/scopes.ts';
import { isSecret, parseBasic } from './credentials.ts';
import { remember } from './remember.ts';
import type { Viewer } from './viewer.ts';

/** Lets callers in by `Basic base64(key:secret)`, or `key:`; nothing for any other header, or a key that is not in force. */
export function byKey(db: Db): (authorization: string | undefined) => Promise<Viewer | undefined> {
  const keyOf = remember((publicKey) => readKey(db, publicKey));
  return async (authorization) => {
    const credentials = parseBasic(authorization);
    const key = credentials && (await keyOf(credentials.publicKey));
    if (!key) return undefined;
    if (credentials.secret === undefined) return key.withPublicKey;
    return isSecret(credentials.secret, key.secretDigest) ? key.withSecret : undefined;
  };
}

/** What is known of a key: whom it lets in. */
interface KnownKey {
  secretDigest: Uint8Array;
  withSecret: Viewer;
  withPublicKey: Viewer;
}

/** A key in force, as it is kept. */
interface StoredKey {
  id: string;
  workspaceId: string;
  /** The workspace's name. */
  workspace: string;
  secretDigest: Uint8Array;
  scopes: string[];
  rateLimit: number | null;
  rateLimitPublic: number | null;
}

/** The key in force with a public half, or nothing; nor where two have it, which 144 random bits rule out. */
async function readKey(db: Db, publicKey: string): Promise<KnownKey | undefined> {
  const [key, second] = await db.query<StoredKey[]>`
    SELECT
      api_keys.id, api_keys.workspace_id AS "workspaceId", workspaces.name AS workspace, api_keys.scopes,
      api_keys.secret_digest AS "secretDigest", api_keys.rate_limit AS "rateLimit",
      api_keys.rate_limit_public AS "rateLimitPublic"
    FROM api_keys JOIN workspaces ON workspaces.workspace_id = api_keys.workspace_id
    WHERE api_keys.public_key = ${publicKey} AND api_keys.revoked_at IS NULL
    LIMIT 2`;
  if (!key || second) return undefined;
  const { workspaceId, workspace } = key;
  const who = { keyId: key.id, actorName: nameOfKey(key.id), workspaceId, workspace };
  const scopes = new Set(key.scopes.filter(isScope));
  const open = new Set(publicScopes.filter((scope) => scopes.has(scope)));
  return {
    secretDigest: key.secretDigest,
    withSecret: { ...who, credential: 'secret', rateLimit: key.rateLimit, scopes },
    withPublicKey: { ...who, credential: 'publicKey', rateLimit: key.rateLimitPublic, scopes: open },
  };
}
