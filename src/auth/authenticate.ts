import { LRUCache } from 'lru-cache';
import type { ReadDb, WriteDb } from '../db/client.ts';
import { nameOfKey, nameOfToken } from '../domain/shared/actor.ts';
import { isScope, publicScopes } from '../domain/shared/scopes.ts';
import { workspaceId as workspaceIdSchema } from '../domain/workspaces/workspaces.ts';
import { digestOf, matchesDigest, parseBasic } from './credentials.ts';
import type { VerifyToken } from './tokens.ts';
import { ttlCache } from './ttl-cache.ts';
import { UnauthenticatedError, type Viewer } from './viewer.ts';

/**
 * Turns an `Authorization` header into a viewer.
 * @param digest of the header, if the caller has computed it (`digestOf`).
 * @throws {UnauthenticatedError}
 * @throws {KeysUnavailableError} when a token cannot be verified because its issuer's keys are unavailable.
 */
export type Authenticate = (authorization: string | undefined, digest?: string) => Promise<Viewer>;

/** One authentication method. Returns undefined for headers of another scheme and for invalid credentials. */
type AuthenticationMethod = (authorization: string, digest: string) => Promise<Viewer | undefined>;

/** Where keys and the names of workspaces are read. */
type KeyDb = ReadDb & Pick<WriteDb, 'queryAnyWorkspace'>;

/** Authenticates API keys, and tokens if `verifyToken` is given. */
export function createAuthenticator(db: KeyDb, verifyToken?: VerifyToken): Authenticate {
  const methods = [authenticateByKey(db), ...(verifyToken ? [authenticateByToken(db, verifyToken)] : [])];
  return async (authorization = '', digest = digestOf(authorization)) => {
    for (const authenticate of methods) {
      const viewer = await authenticate(authorization, digest);
      if (viewer) return viewer;
    }
    throw new UnauthenticatedError(verifyToken !== undefined);
  };
}

/** Authenticates `Basic base64(key:secret)` and `Basic base64(key:)`. */
function authenticateByKey(db: KeyDb): AuthenticationMethod {
  const keys = ttlCache((publicKey) => readKey(db, publicKey));
  // By the digest of the header, so that no secret stays in memory after its request.
  const remembered = new LRUCache<string, RememberedViewer>({ max: MAX_REMEMBERED_VIEWERS });
  return async (authorization, digest) => {
    const known = remembered.get(digest);
    if (known && known.key === keys.cached(known.publicKey)) return known.viewer;
    const { publicKey, secret } = parseBasic(authorization) ?? {};
    if (publicKey === undefined) return undefined;
    const found = keys.find(publicKey);
    const viewer = viewerFor(await found, secret);
    if (viewer) remembered.set(digest, { publicKey, key: found, viewer });
    return viewer;
  };
}

/** Headers whose viewers are remembered: more than an installation has active keys. */
const MAX_REMEMBERED_VIEWERS = 10_000;

/** The viewer of a header that was valid. It holds as long as the key that authenticated it is cached. */
interface RememberedViewer {
  publicKey: string;
  key: Promise<ActiveKey | undefined>;
  viewer: Viewer;
}

function viewerFor(key: ActiveKey | undefined, secret: string | undefined): Viewer | undefined {
  if (!key) return undefined;
  if (secret === undefined) return key.publicKeyViewer;
  return matchesDigest(secret, key.secretDigests) ? key.secretViewer : undefined;
}

/** An active key with the viewers that it authenticates. */
interface ActiveKey {
  /** The digest of the secret and, during the overlap of a rotation, that of the previous secret. */
  secretDigests: readonly Uint8Array[];
  secretViewer: Viewer;
  publicKeyViewer: Viewer;
}

interface KeyRow {
  id: string;
  workspaceId: string;
  /** The workspace's name. */
  workspace: string;
  secretDigest: Uint8Array;
  /** Null unless the previous secret is still valid. */
  previousSecretDigest: Uint8Array | null;
  scopes: string[];
  rateLimit: number | null;
  rateLimitPublic: number | null;
}

/**
 * Finds an active key by its public key: it is neither revoked nor expired, and its workspace is not being deleted. All
 * processes compare times with the database's clock. Two matches, which are practically impossible with 144 random bits,
 * count as none.
 */
async function readKey(db: KeyDb, publicKey: string): Promise<ActiveKey | undefined> {
  const [key, duplicate] = await db.queryAnyWorkspace<KeyRow[]>`/* readKey */
    SELECT
      api_keys.id, api_keys.workspace_id AS "workspaceId", workspaces.name AS workspace, api_keys.scopes,
      api_keys.secret_digest AS "secretDigest", api_keys.rate_limit AS "rateLimit",
      api_keys.rate_limit_public AS "rateLimitPublic",
      CASE WHEN api_keys.previous_secret_expires_at > now() THEN api_keys.previous_secret_digest END
        AS "previousSecretDigest"
    FROM api_keys JOIN workspaces ON workspaces.workspace_id = api_keys.workspace_id
    WHERE api_keys.public_key = ${publicKey} AND api_keys.revoked_at IS NULL
      AND (api_keys.expires_at IS NULL OR api_keys.expires_at > now()) AND workspaces.deletion_requested_at IS NULL
    LIMIT 2`;
  if (!key || duplicate) return undefined;
  const { workspaceId, workspace, secretDigest, previousSecretDigest } = key;
  const identity = { keyId: key.id, actorName: nameOfKey(key.id), workspaceId, workspace };
  const secretScopes = new Set(key.scopes.filter(isScope));
  const publicKeyScopes = new Set(publicScopes.filter((scope) => secretScopes.has(scope)));
  return {
    secretDigests: previousSecretDigest ? [secretDigest, previousSecretDigest] : [secretDigest],
    secretViewer: { ...identity, credential: 'secret', rateLimit: key.rateLimit, scopes: secretScopes },
    publicKeyViewer: { ...identity, credential: 'publicKey', rateLimit: key.rateLimitPublic, scopes: publicKeyScopes },
  };
}

const BEARER = /^Bearer +([\w~+/.-]+=*)$/i;

/** Authenticates `Bearer` tokens that are valid and name an existing workspace, which is not being deleted. */
function authenticateByToken(db: ReadDb, verifyToken: VerifyToken): AuthenticationMethod {
  const workspaceNames = ttlCache((workspaceId) => readWorkspaceName(db, workspaceId));
  return async (authorization) => {
    const token = BEARER.exec(authorization)?.[1];
    const claims = token === undefined ? undefined : await verifyToken(token);
    const workspaceId = workspaceIdSchema.safeParse(claims?.workspaceId).data?.toLowerCase();
    const workspace = workspaceId && (await workspaceNames.find(workspaceId));
    if (!claims || !workspaceId || workspace === undefined) return undefined;
    return {
      workspaceId,
      workspace,
      keyId: claims.subject,
      actorName: nameOfToken(claims.subject),
      credential: 'token',
      rateLimit: null,
      scopes: new Set(claims.scopes.filter(isScope)),
    };
  };
}

async function readWorkspaceName(db: ReadDb, workspaceId: string): Promise<string | undefined> {
  const [workspace] = await db.query<{ name: string }[]>`/* readWorkspaceName */
    SELECT name FROM workspaces WHERE workspace_id = ${workspaceId}::uuid AND deletion_requested_at IS NULL`;
  return workspace?.name;
}
