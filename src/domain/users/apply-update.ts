import { writeTogether } from '../../db/batches.ts';
import type { Db } from '../../db/client.ts';
import { violates } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Actor, canReadUsers } from '../actor.ts';
import { type Attributes, attributeLimits, limitFaults } from '../attributes.ts';
import { UidNotUpdateableError, UidTakenError, ValidationError } from '../errors.ts';
import type { UserUpdate } from './inputs.ts';
import type { User } from './user.ts';
import { type AttributedUpdate, writeUpdates } from './write-updates.ts';

/**
 * Writes an update to a user whom the transaction has locked.
 * @throws as `updateUser` does, but for what it has checked before.
 */
export async function applyUpdate(tx: Db, actor: Actor, user: User, input: UserUpdate): Promise<User> {
  if (input.newUid != null && !user.uidUpdateable) throw new UidNotUpdateableError(user.uid);
  const { user: updated, publicMeta = {} } = await write(tx, actor, { ...input, uid: user.uid });
  const limited = canReadUsers(actor) ? without(updated.meta, publicMeta) : publicMeta;
  // Only the limits: values stored before a rule came must not keep others from being stored.
  const faults = input.meta ? limitFaults(limited) : [];
  if (faults.length > 0)
    throw new ValidationError(faults.map((fault) => ({ ...fault, path: ['meta', ...fault.path] })));
  return updated;
}

/**
 * The attributes that differ from those that public callers have sent. They have limits of their own: else public callers could
 * leave no room to the others. A key that both have sent counts for whoever's value is stored, so that both together are bounded.
 */
function without(meta: Attributes, publicMeta: Attributes): Attributes {
  return Object.fromEntries(Object.entries(meta).filter(([key, value]) => publicMeta[key] !== value));
}

/**
 * Writes an update with one statement, and together with others that come at the same time, where nothing about it has to
 * be decided first: no uid, no device, and attributes that stay far from their limits, whatever the user has already.
 * @returns nothing where there is no such user, or where more has to be known; nothing is changed then.
 */
export const updateAtOnce = writeTogether<AttributedUpdate, User>(async (db, workspaceId, updates, lock) => {
  const written = await writeUpdates(db, workspaceId, updates, { lock, metaMay: beSmall });
  return written.map((update) => update?.user);
});

/** Half of what attributes may hold: PostgreSQL does not count bytes just as we do. */
const SMALL_BYTES = attributeLimits.bytes / 2;
const SMALL_KEYS = attributeLimits.keys / 2;

function beSmall(meta: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`octet_length((${meta})::text) <= ${SMALL_BYTES}
    AND (SELECT count(*) FROM jsonb_object_keys(${meta})) <= ${SMALL_KEYS}`;
}

async function write(tx: Db, actor: Actor, update: UserUpdate) {
  const { workspaceId, actorName } = actor;
  try {
    const attributed = { actorName, canRead: canReadUsers(actor), input: update };
    const [updated] = await writeUpdates(tx, workspaceId, [attributed], { lock: 'wait' });
    if (!updated) throw new Error('A locked user has vanished.');
    return updated;
  } catch (error) {
    throw update.newUid != null && violates(error, 'users_uid_unique') ? new UidTakenError(update.newUid) : error;
  }
}
