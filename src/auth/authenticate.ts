import type { Db } from '../db/client.ts';
import { nameOfKey, nameOfToken } from '../domain/shared/actor.ts';
import { isScope, publicScopes } from '../domain/shared/scopes.ts';
import { workspaceId as workspaceIdSchema } from '../domain/workspaces/workspaces.ts';
import { matchesDigest, parseBasic } from './credentials.ts';
import type { VerifyToken } from './tokens.ts';
import { ttlCache } from './ttl-cache.ts';
import { UnauthenticatedError, type Viewer } from './viewer.ts';

/**
 * Turns an `Authorization` header into a viewer.
 * @throws {UnauthenticatedError}
 * @throws {KeysUnavailableError} when a token cannot be verified just now.
 */
export type Authenticate = (authorization: string | undefined) => Promise<Viewer>;

/** Lets callers in by their key, and by tokens where there is a way to verify them. */
export function createAuthenticator(db: Db, verifyToken?: VerifyToken): Authenticate {
  const ways = [authenticateByKey(db), ...(verifyToken ? [authenticateByToken(db, verifyToken)] : [])];
  return async (authorization) => {
    for (const way of ways) {
      const viewer = await way(authorization);
      if (viewer) return viewer;
    }
    throw new UnauthenticatedError(verifyToken !== undefined);
  };
}

/** Lets callers in by `Basic base64(key:secret)`, or `key:`; nothing for any other header, or a key that is not in force. */
export function authenticateByKey(db: Db): (authorization: string | undefined) => Promise<Viewer | undefined> {
  const keyOf = ttlCache((publicKey) => readKey(db, publicKey));
  return async (authorization) => {
    const credentials = parseBasic(authorization);
    const key = credentials && (await keyOf(credentials.publicKey));
    if (!key) return undefined;
    if (credentials.secret === undefined) return key.withPublicKey;
    return matchesDigest(credentials.secret, key.secretDigest) ? key.withSecret : undefined;
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

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** Lets callers in by `Bearer` with a token that is verified, of a workspace that there is; nothing for any other header. */
export function authenticateByToken(
  db: Db,
  verify: VerifyToken,
): (authorization: string | undefined) => Promise<Viewer | undefined> {
  const nameOf = ttlCache((id) => readName(db, id));
  return async (authorization) => {
    const token = BEARER.exec(authorization ?? '')?.[1];
    const claims = token === undefined ? undefined : await verify(token);
    const workspaceId = workspaceIdSchema.safeParse(claims?.workspaceId).data?.toLowerCase();
    const workspace = workspaceId && (await nameOf(workspaceId));
    if (!claims || !workspaceId || workspace === undefined) return undefined;
    const scopes = new Set(claims.scopes.filter(isScope));
    return {
      workspaceId,
      workspace,
      keyId: claims.subject,
      actorName: nameOfToken(claims.subject),
      credential: 'token',
      rateLimit: null,
      scopes,
    };
  };
}

async function readName(db: Db, workspaceId: string): Promise<string | undefined> {
  const [workspace] = await db.query<{ name: string }[]>`
    SELECT name FROM workspaces WHERE workspace_id = ${workspaceId}::uuid`;
  return workspace?.name;
}
