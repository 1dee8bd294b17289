import type { Db } from '../../db/client.ts';
import { violates } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { attributeFaults, attributeLimits } from '../attributes.ts';
import { UidNotUpdateableError, UidTakenError, ValidationError } from '../errors.ts';
import type { UserUpdate } from './inputs.ts';
import { type User, userColumns } from './user.ts';

/**
 * Writes an update to a user whom the transaction has locked.
 * @throws as `updateUser` does, but for what it has checked before.
 */
export async function applyUpdate(tx: Db, workspaceId: string, user: User, input: UserUpdate): Promise<User> {
  if (input.newUid != null && !user.uidUpdateable) throw new UidNotUpdateableError(user.uid);
  const updated = await write(tx, workspaceId, user.id, input);
  const faults = input.meta ? attributeFaults(updated.meta) : [];
  if (faults.length > 0)
    throw new ValidationError(faults.map((fault) => ({ ...fault, path: ['meta', ...fault.path] })));
  return updated;
}

/**
 * Writes an update with one statement, where nothing about it has to be decided first: no uid, no device, and attributes
 * that stay far from their limits, whatever the user has already.
 * @returns nothing where there is no such user, or where more has to be known; nothing is changed then.
 */
export async function updateAtOnce(db: Db, workspaceId: string, input: UserUpdate): Promise<User | undefined> {
  const meta = mergedMeta(input);
  const [updated] = await db.query<User[]>`
    UPDATE users SET ${Prisma.join(assignments(input))}
    WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
      AND octet_length((${meta})::text) <= ${SMALL_BYTES} AND (SELECT count(*) FROM jsonb_object_keys(${meta})) <= ${SMALL_KEYS}
    RETURNING ${userColumns}`;
  return updated;
}

/** Half of what attributes may hold: PostgreSQL does not count bytes just as we do. */
const SMALL_BYTES = attributeLimits.bytes / 2;
const SMALL_KEYS = attributeLimits.keys / 2;

async function write(tx: Db, workspaceId: string, id: string, input: UserUpdate): Promise<User> {
  try {
    const [updated] = await tx.query<User[]>`
      UPDATE users SET ${Prisma.join(assignments(input))}
      WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid
      RETURNING ${userColumns}`;
    if (!updated) throw new Error('A locked user has vanished.');
    return updated;
  } catch (error) {
    throw input.newUid != null && violates(error, 'users_uid_unique') ? new UidTakenError(input.newUid) : error;
  }
}

/** One assignment for each field that the input holds; null clears. */
function assignments(input: UserUpdate): Prisma.Sql[] {
  const set: Prisma.Sql[] = [Prisma.sql`updated_at = ${new Date()}`];
  if (input.newUid != null) set.push(Prisma.sql`uid = ${input.newUid}, uid_updateable = false`);
  if (input.firstName !== undefined) set.push(Prisma.sql`first_name = ${input.firstName}`);
  if (input.lastName !== undefined) set.push(Prisma.sql`last_name = ${input.lastName}`);
  if (input.number !== undefined) set.push(Prisma.sql`number = ${input.number}`);
  if (input.email !== undefined) set.push(Prisma.sql`email = ${input.email}`);
  if (input.createdAt != null) set.push(Prisma.sql`created_at = ${input.createdAt}`);
  if (input.meta !== undefined || input.removeMeta != null) set.push(Prisma.sql`meta = ${mergedMeta(input)}`);
  return set;
}

/** Merges key by key in the statement itself, so that no concurrent patch is lost. */
function mergedMeta({ meta, removeMeta }: UserUpdate): Prisma.Sql {
  if (meta === null) return Prisma.sql`'{}'::jsonb`;
  return Prisma.sql`(meta || ${JSON.stringify(meta ?? {})}::jsonb) - ${removeMeta ?? []}::text[]`;
}
