import type { Models } from '../db/client.ts';
import { Prisma } from '../db/generated/client.ts';
import { newId } from '../domain/shared/ids.ts';
import { digestSecret, newCredentials } from './credentials.ts';
import {
  type ApiKey,
  changeKey,
  KeyStateError,
  type NewKey,
  readKey,
  recordChange,
  requireNotRevoked,
} from './keys.ts';

/** How a key is rotated. */
export interface Rotation {
  /** When the previous credentials stop working; null: immediately. */
  previousExpiresAt: Date | null;
  /** The new expiry of the key; unchanged if omitted. */
  expiresAt?: Date | null | undefined;
}

/** The conditions of a rotation: the key is active, and at most one previous secret is valid at a time. */
const isActive = Prisma.sql`revoked_at IS NULL AND (expires_at IS NULL OR expires_at > now())`;
const hasNoPreviousSecret = Prisma.sql`(previous_secret_expires_at IS NULL OR previous_secret_expires_at <= now())`;

/**
 * Gives a key a new secret. The previous secret is valid until `previousExpiresAt`. A running gateway accepts the new secret,
 * and rejects the previous one, within `KEY_CACHE_MS`.
 * @throws {NotFoundError} if the workspace does not have the key.
 * @throws {KeyStateError} if the key is not active, or if an earlier secret would end sooner than its rotation announced.
 */
export async function rotateSecret(
  db: Models,
  workspaceId: string,
  publicKey: string,
  { previousExpiresAt, expiresAt }: Rotation,
): Promise<NewKey> {
  const { secret } = newCredentials();
  const assignments = [
    Prisma.sql`secret_digest = ${digestSecret(secret)}::bytea`,
    Prisma.sql`previous_secret_digest = ${previousExpiresAt ? Prisma.sql`secret_digest` : Prisma.sql`NULL`}`,
    Prisma.sql`previous_secret_expires_at = ${previousExpiresAt}::timestamptz`,
    ...(expiresAt === undefined ? [] : [Prisma.sql`expires_at = ${expiresAt}::timestamptz`]),
  ];
  const condition = previousExpiresAt ? Prisma.sql`${isActive} AND ${hasNoPreviousSecret}` : isActive;
  const isChanged = await changeKey(db, { workspaceId, publicKey, action: 'rotateKey' }, assignments, condition);
  const key = await readKey(db, workspaceId, publicKey);
  if (!isChanged) throw rotationError(key);
  return { ...key, secret };
}

/**
 * Creates a key with the name, scopes and limits of an existing one, which expires at `previousExpiresAt`, or earlier if its
 * own expiry is earlier. The new key has the expiry that the existing one had, unless another is given.
 * @throws {NotFoundError} if the workspace does not have the key.
 * @throws {KeyStateError} if the key is not active.
 */
export async function replaceKey(
  db: Models,
  workspaceId: string,
  publicKey: string,
  { previousExpiresAt, expiresAt }: Rotation,
): Promise<{ key: NewKey; replaced: ApiKey }> {
  const credentials = newCredentials();
  const end = previousExpiresAt ?? new Date();
  const newExpiry = expiresAt === undefined ? Prisma.sql`old.expires_at` : Prisma.sql`${expiresAt}::timestamptz`;
  const count = await db.$executeRaw`/* replaceKey */
    WITH old AS (
      SELECT * FROM api_keys WHERE workspace_id = ${workspaceId}::uuid AND public_key = ${publicKey} AND ${isActive}
      FOR UPDATE
    ), created AS (
      INSERT INTO api_keys (workspace_id, id, public_key, secret_digest, name, scopes, expires_at, rate_limit, rate_limit_public)
      SELECT ${workspaceId}::uuid, ${newId()}::uuid, ${credentials.publicKey}, ${digestSecret(credentials.secret)}::bytea,
        old.name, old.scopes, ${newExpiry}, old.rate_limit, old.rate_limit_public
      FROM old RETURNING id
    ), replaced AS (
      UPDATE api_keys SET expires_at = least(api_keys.expires_at, ${end}::timestamptz)
      FROM old WHERE api_keys.workspace_id = ${workspaceId}::uuid AND api_keys.id = old.id RETURNING api_keys.id
    ), audited AS (${recordChange(workspaceId, 'createKey', Prisma.sql`created`)})
    ${recordChange(workspaceId, 'rotateKey', Prisma.sql`replaced`)}`;
  const replaced = await readKey(db, workspaceId, publicKey);
  if (count === 0) throw rotationError(replaced);
  const key = await readKey(db, workspaceId, credentials.publicKey);
  return { key: { ...key, secret: credentials.secret }, replaced };
}

/** Why a key cannot be rotated. */
function rotationError(key: ApiKey): KeyStateError {
  requireNotRevoked(key);
  const { publicKey, state, expiresAt, previousSecretExpiresAt } = key;
  if (state === 'expired') {
    return new KeyStateError(`${publicKey} expired at ${expiresAt?.toISOString()}; set another expiry first.`);
  }
  return new KeyStateError(
    `The previous secret of ${publicKey} is valid until ${previousSecretExpiresAt?.toISOString()}. Rotate the key after that, or without an overlap, which ends both secrets at once.`,
  );
}
