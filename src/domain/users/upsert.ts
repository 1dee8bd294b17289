import { batchedWrite } from '../../db/batching.ts';
import type { Database } from '../../db/client.ts';
import { isRowLockTimeout } from '../../db/errors.ts';
import { retryOnConflict } from '../../db/retry.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import type { UserUpdate } from './inputs.ts';
import { insertUsers, type UserToInsert } from './insert-users.ts';
import { FULL_AUTHENTICATION, missingPermission, type Upserted, upsertInTransaction } from './upsert-in-transaction.ts';
import type { User } from './user.ts';
import { inWriteQueue } from './write-queue.ts';
import { type AttributedUpdate, isSmall, type NotUpdated, writeUpdates } from './write-updates.ts';

/**
 * Updates the user with the uid, creates a user if there is none, or gives the uid to the one imported user with the same
 * address (contract, "uidUpdateable"), completely or not at all.
 *
 * Inputs that require no transaction are written together with those of concurrent calls: one statement updates the users who
 * exist, another inserts those who do not, for at most `MAX_BATCH_SIZE` inputs each. Each of the others has a transaction of
 * its own, and a new user with a device a statement of its own.
 * @throws {ForbiddenError} if the change requires `users:write`, or `lists:write` to subscribe to lists.
 * @throws {NotFoundError} if the workspace lacks one of the lists.
 * @throws {UidNotUpdateableError} if there is a `newUid`, but no user with the uid whose uid can be updated; or if a
 *   concurrent request has just given that user a uid.
 * @throws {UidTakenError} if another user has the `newUid`.
 * @throws {ValidationError} if the merged attributes exceed their limits; naming each list that is archived and that the user
 *   is not a member of.
 * @throws {UserBusyError} if too many writes to the user are in flight.
 */
export async function updateUser(db: Database, actor: Actor, input: UserUpdate): Promise<Upserted> {
  const { workspaceId, actorName, scopes } = actor;
  const forbidden = missingPermission(actor, input);
  if (forbidden) throw forbidden;
  const canChangeEmail = scopes.has(FULL_AUTHENTICATION);
  const update = { actorName, canRead: canReadUsers(actor), canChangeEmail, input };
  return inWriteQueue(
    db,
    workspaceId,
    input.uid,
    async () =>
      (await upsertInOneStatement(db, workspaceId, update)) ??
      inTransaction(db, (tx) => upsertInTransaction(tx, actor, input)),
  );
}

/**
 * Updates a user with one statement, or inserts an unknown one with a second.
 * @returns undefined if the input needs a transaction; nothing is changed then.
 */
async function upsertInOneStatement(
  db: Database,
  workspaceId: string,
  update: AttributedUpdate,
): Promise<Upserted | undefined> {
  const { input, canChangeEmail: isFull } = update;
  if (input.newUid != null || input.listIds?.length) return undefined;
  const user = { ...update, canClaim: isFull && Boolean(input.email) };
  // A device of a user who exists needs the user's lock first.
  if (input.device && (await isUidTaken(db, workspaceId, input.uid))) return undefined;
  if (input.device) return asCreated(await insertUser(db, workspaceId, user));
  const updated = await tryBatchedUpdate(db, workspaceId, update);
  if (updated === 'absent') return asCreated(await insertUser(db, workspaceId, user));
  return updated === undefined || updated === 'undecided' ? undefined : { user: updated, created: false };
}

/** Whether a user has the uid; cheaper than an insert that conflicts. */
async function isUidTaken(db: Database, workspaceId: string, uid: string): Promise<boolean> {
  const rows = await db.query<unknown[]>`/* isUidTaken */
    SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}`;
  return rows.length > 0;
}

const asCreated = (user: User | undefined): Upserted | undefined => user && { user, created: true };

/**
 * Inserts a user with its device, together with the users of concurrent requests.
 * @returns undefined if the uid is taken, or must be claimed.
 */
export async function insertUser(db: Database, workspaceId: string, user: UserToInsert): Promise<User | undefined> {
  if (!user.input.device) return batchedInsert(db, workspaceId, user);
  // Alone, since it can wait for the row of a token.
  const [inserted] = await retryOnConflict(() => insertUsers(db, workspaceId, [user]));
  return inserted;
}

const batchedInsert = batchedWrite<UserToInsert, User>('insertUsers', async (db, workspaceId, users) => {
  try {
    return await insertUsers(db, workspaceId, users);
  } catch (error) {
    // The statement timed out waiting for another process that is inserting one of the uids; the other inputs must not fail.
    if (users.length > 1 && isRowLockTimeout(error, 'users')) return [];
    throw error;
  }
});

/**
 * Updates a user, together with the users of concurrent requests, if the update requires no transaction: its attributes stay
 * far below their limits, and the caller may change the address.
 */
const tryBatchedUpdate = batchedWrite<AttributedUpdate, User | NotUpdated>(
  'updateUsers',
  async (db, workspaceId, updates, lock) => {
    const results = await writeUpdates(db, workspaceId, updates, { lock, metaCondition: isSmall });
    return results.map((result) => (typeof result === 'object' ? result.user : result));
  },
);
