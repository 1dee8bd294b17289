import { writeTogether } from '../../db/batches.ts';
import type { Db } from '../../db/client.ts';
import { violates } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor, Attributed } from '../actor.ts';
import { attributeLimitFaults, attributeLimits } from '../attributes.ts';
import { UidNotUpdateableError, UidTakenError, ValidationError } from '../errors.ts';
import type { UserUpdate } from './inputs.ts';
import type { User } from './user.ts';
import { writeUpdates } from './write-updates.ts';

/**
 * Writes an update to a user whom the transaction has locked.
 * @throws as `updateUser` does, but for what it has checked before.
 */
export async function applyUpdate(tx: Db, actor: Actor, user: User, input: UserUpdate): Promise<User> {
  if (input.newUid != null && !user.uidUpdateable) throw new UidNotUpdateableError(user.uid);
  const updated = await write(tx, actor, { ...input, uid: user.uid });
  // Only the limits: what was stored before a rule on values came must not keep others from being stored.
  const faults = input.meta ? attributeLimitFaults(updated.meta) : [];
  if (faults.length > 0)
    throw new ValidationError(faults.map((fault) => ({ ...fault, path: ['meta', ...fault.path] })));
  return updated;
}

/**
 * Writes an update with one statement, and together with others that come at the same time, where nothing about it has to
 * be decided first: no uid, no device, and attributes that stay far from their limits, whatever the user has already.
 * @returns nothing where there is no such user, or where more has to be known; nothing is changed then.
 */
export const updateAtOnce = writeTogether<Attributed<UserUpdate>, User>((db, workspaceId, updates, lock) =>
  writeUpdates(db, workspaceId, updates, { lock, metaMay: beSmall }),
);

/** Half of what attributes may hold: PostgreSQL does not count bytes just as we do. */
const SMALL_BYTES = attributeLimits.bytes / 2;
const SMALL_KEYS = attributeLimits.keys / 2;

function beSmall(meta: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`octet_length((${meta})::text) <= ${SMALL_BYTES}
    AND (SELECT count(*) FROM jsonb_object_keys(${meta})) <= ${SMALL_KEYS}`;
}

async function write(tx: Db, { workspaceId, actorName }: Actor, update: UserUpdate): Promise<User> {
  try {
    const [updated] = await writeUpdates(tx, workspaceId, [{ actorName, input: update }], { lock: 'wait' });
    if (!updated) throw new Error('A locked user has vanished.');
    return updated;
  } catch (error) {
    throw update.newUid != null && violates(error, 'users_uid_unique') ? new UidTakenError(update.newUid) : error;
  }
}
