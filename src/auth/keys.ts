import { v7 as uuidv7 } from 'uuid';
import type { Models } from '../db/client.ts';
import { violates } from '../db/errors.ts';
import { NotFoundError } from '../domain/errors.ts';
import type { Scope } from '../domain/scopes.ts';
import { digestOf, newCredentials } from './credentials.ts';

/** A key as it may be shown: without its secret, which nobody keeps. */
export interface ApiKey {
  id: string;
  publicKey: string;
  scopes: string[];
  createdAt: Date;
  /** Null while the key is in force. */
  revokedAt: Date | null;
}

const shown = { id: true, publicKey: true, scopes: true, createdAt: true, revokedAt: true } as const;

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
): Promise<ApiKey & { secret: string }> {
  const { publicKey, secret } = credentials;
  try {
    const key = await db.apiKey.create({
      data: { workspaceId, id: uuidv7(), publicKey, secretDigest: digestOf(secret), scopes: [...scopes] },
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
  const where = { workspaceId_publicKey: { workspaceId, publicKey } };
  const key = await db.apiKey.findUnique({ where, select: shown });
  if (!key) throw new NotFoundError('ApiKey');
  return key.revokedAt ? key : db.apiKey.update({ where, data: { revokedAt: new Date() }, select: shown });
}
