import type { Database, Db } from '../../db/client.ts';
import { TransactionConflict } from '../../db/errors.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Actor, canReadUsers } from '../actor.ts';
import { registerDevice } from '../devices/register-device.ts';
import { ForbiddenError, UidNotUpdateableError } from '../errors.ts';
import type { Scope } from '../scopes.ts';
import { applyUpdate, updateAtOnce } from './apply-update.ts';
import { claimUser } from './claim-user.ts';
import { insertUser } from './create-user.ts';
import type { UserUpdate } from './inputs.ts';
import { lockUser } from './lock-user.ts';
import type { User } from './user.ts';
import { inWriteQueue } from './write-queue.ts';

/** An insert lost to another one whose user is gone again is tried once more, but not for ever. */
const ATTEMPTS = 5;

/** The scope of full authentication, which a change of an e-mail address or of a uid needs. */
const FULL: Scope = 'users:write';

/** A user, and whether this very call has made them. */
interface Upserted {
  user: User;
  created: boolean;
}

/**
 * Updates the user with a uid, creates them where there is none, or gives the uid to the one imported user
 * with the input's e-mail address (contract, "uidUpdateable").
 *
 * @throws {ForbiddenError} when the change needs `users:write`.
 * @throws {UidNotUpdateableError} when there is a `newUid`, but no user with the uid whose uid may still be set;
 *   or when another caller has just given that user a uid.
 * @throws {UidTakenError} when another user has the `newUid`.
 * @throws {ValidationError} when the merged attributes break their limits.
 * @throws {UserBusyError} when too many writes to the user are in flight.
 */
export async function updateUser(db: Database, actor: Actor, input: UserUpdate): Promise<Upserted> {
  const { workspaceId, actorName } = actor;
  const full = actor.scopes.has(FULL);
  if (input.newUid != null && !full) throw new ForbiddenError('Setting a uid', FULL);
  return inWriteQueue(db, workspaceId, input.uid, async () => {
    const updated = isPlain(input, full)
      ? await updateAtOnce(db, workspaceId, { actorName, canRead: canReadUsers(actor), input })
      : undefined;
    if (updated) return { user: updated, created: false };
    return inTransaction(db, async (tx) => {
      const { user, created } = await lockOrInsert(tx, actor, full, input);
      if (!created && changesEmail(user, input) && !full) {
        throw new ForbiddenError('Changing an e-mail address', FULL);
      }
      if (input.device) await registerDevice(tx, actor, user.id, input.device);
      return { user: created ? user : await applyUpdate(tx, actor, user, input), created };
    });
  });
}

/** Whether an update of a user whom there is asks for nothing but a change of their own fields. */
function isPlain({ newUid, device, email }: UserUpdate, full: boolean): boolean {
  return newUid == null && device == null && (full || email === undefined);
}

/** Giving an address to a user who has none, or the same again, is no change. */
function changesEmail(user: User, input: UserUpdate): boolean {
  return input.email !== undefined && user.email !== null && input.email !== user.email;
}

/** Finds and locks the user that the input is about, or inserts them. */
async function lockOrInsert(tx: Db, actor: Actor, full: boolean, input: UserUpdate): Promise<Upserted> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const found = await lockUser(tx, actor.workspaceId, input.uid);
    if (found) return { user: found, created: false };
    if (input.newUid != null) throw new UidNotUpdateableError(input.uid);
    const claimed = full && input.email ? await claimUser(tx, actor, input.email, input.uid) : undefined;
    if (claimed) return { user: claimed, created: false };
    const inserted = await insertUser(tx, actor, input);
    if (inserted) return { user: inserted, created: true };
  }
  throw new TransactionConflict();
}
