import type { Models } from '../db/client.ts';
import { violates } from '../db/errors.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { newId } from '../domain/shared/ids.ts';
import type { Scope } from '../domain/shared/scopes.ts';
import { digestSecret, newCredentials } from './credentials.ts';

/** A key as it may be shown: without its secret, which nobody keeps. */
export interface ApiKey {
  id: string;
  publicKey: string;
  scopes: string[];
  createdAt: Date;
  /** Null while the key is in force. */
  revokedAt: Date | null;
  /** Points a minute with the secret; 0: no limit. Null: the gateway's default. */
  rateLimit: number | null;
  /** Points a minute with the public key alone, likewise. */
  rateLimitPublic: number | null;
}

/** Points a minute of a key; what is left out stays as it is. */
export type KeyLimits = Partial<Pick<ApiKey, 'rateLimit' | 'rateLimitPublic'>>;

const shown = {
  id: true,
  publicKey: true,
  scopes: true,
  createdAt: true,
  revokedAt: true,
  rateLimit: true,
  rateLimitPublic: true,
} as const;

/**
 * Creates a key. The secret is in the answer, and nowhere else.
 * @param credentials the pair to use; a fresh one by default.
 * @throws {NotFoundError} when there is no such workspace.
 */
export async function createKey(
  db: Models,
  workspaceId: string,
  scopes: readonly Scope[],
  credentials = newCredentials(),
  limits: KeyLimits = {},
): Promise<ApiKey & { secret: string }> {
  const { publicKey, secret } = credentials;
  try {
    const key = await db.apiKey.create({
      data: { workspaceId, id: newId(), publicKey, secretDigest: digestSecret(secret), scopes: [...scopes], ...limits },
      select: shown,
    });
    return { ...key, secret };
  } catch (error) {
    throw violates(error, 'api_keys_workspace_fkey') ? new NotFoundError('Workspace') : error;
  }
}

/** The keys of a workspace, oldest first, revoked ones too. */
export function listKeys(db: Models, workspaceId: string): Promise<ApiKey[]> {
  return db.apiKey.findMany({ where: { workspaceId }, select: shown, orderBy: { id: 'asc' } });
}

/**
 * Revokes a key; again changes nothing. It lives on for as long as `KEY_CACHE_MS` in a running gateway.
 * @throws {NotFoundError} when the workspace has no such key.
 */
export async function revokeKey(db: Models, workspaceId: string, publicKey: string): Promise<ApiKey> {
  const key = await readKey(db, workspaceId, publicKey);
  const where = byPublicKey(workspaceId, publicKey);
  return key.revokedAt ? key : db.apiKey.update({ where, data: { revokedAt: new Date() }, select: shown });
}

/**
 * Changes the points that a key may spend in a minute, in force as soon as a revocation would be.
 * @throws {NotFoundError} when the workspace has no such key.
 */
export async function limitKey(
  db: Models,
  workspaceId: string,
  publicKey: string,
  { rateLimit, rateLimitPublic }: KeyLimits,
): Promise<ApiKey> {
  await readKey(db, workspaceId, publicKey);
  const where = byPublicKey(workspaceId, publicKey);
  return db.apiKey.update({ where, data: { rateLimit, rateLimitPublic }, select: shown });
}

/** @throws {NotFoundError} */
async function readKey(db: Models, workspaceId: string, publicKey: string): Promise<ApiKey> {
  const key = await db.apiKey.findUnique({ where: byPublicKey(workspaceId, publicKey), select: shown });
  if (!key) throw new NotFoundError('ApiKey');
  return key;
}

const byPublicKey = (workspaceId: string, publicKey: string) => ({ workspaceId_publicKey: { workspaceId, publicKey } });
