import { batchedWrite } from '../../db/batching.ts';
import type { Database } from '../../db/client.ts';
import { isRowLockTimeout } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { retryOnConflict } from '../../db/retry.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { DomainError, ForbiddenError } from '../shared/errors.ts';
import { attributeLimits } from '../shared/limits.ts';
import type { Scope } from '../shared/scopes.ts';
import type { UserUpdate } from './inputs.ts';
import { insertUsers, type UserToInsert } from './insert-users.ts';
import { FULL_AUTHENTICATION, type Upserted, upsertInTransaction } from './upsert-in-transaction.ts';
import type { User } from './user.ts';
import { inWriteQueue } from './write-queue.ts';
import { type AttributedUpdate, type NotUpdated, writeUpdates } from './write-updates.ts';

/** The scope for subscribing users who may exist, as in `setListSubscription`. */
const LIST_WRITING: Scope = 'lists:write';

/** The result of one input of `upsertUsers`. */
export type UpsertResult = Upserted | { error: DomainError };

/**
 * Updates or creates a user: `upsertUsers` with one input.
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
  const [result] = await upsertUsers(db, actor, [input]);
  if (!result) throw new Error('upsertUsers returned no result for an input.');
  if ('error' in result) throw result.error;
  return result;
}

/**
 * For each input: updates the user with the uid, creates a user if there is none, or gives the uid to the one imported user
 * with the same address (contract, "uidUpdateable"). Each input is written completely or not at all, independently of others.
 *
 * Inputs that require no transaction are written together: one statement updates the users who exist, another inserts
 * those who do not, for at most `MAX_BATCH_SIZE` inputs each, including those of concurrent calls. Each of the others has
 * a transaction of its own, and a new user with a device a statement of its own. Inputs with the same uid are written in
 * order.
 * @returns a result for each input, in order. Its error is one that `updateUser` throws.
 * @throws any other error, such as a lost connection, after every input has been processed; other inputs may have been written.
 */
export async function upsertUsers(db: Database, actor: Actor, inputs: readonly UserUpdate[]): Promise<UpsertResult[]> {
  const results: UpsertResult[] = [];
  const writeInOrder = async (entries: [number, UserUpdate][]) => {
    for (const [place, input] of entries) results[place] = await orDomainError(upsertUser(db, actor, input));
  };
  const byUid = Map.groupBy(inputs.entries(), ([, { uid }]) => uid);
  const outcomes = await Promise.allSettled([...byUid.values()].map(writeInOrder));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return results;
}

async function orDomainError(upserted: Promise<Upserted>): Promise<UpsertResult> {
  try {
    return await upserted;
  } catch (error) {
    if (error instanceof DomainError) return { error };
    throw error;
  }
}

async function upsertUser(db: Database, actor: Actor, input: UserUpdate): Promise<Upserted> {
  const { workspaceId, actorName, scopes } = actor;
  const isFull = scopes.has(FULL_AUTHENTICATION);
  if (input.newUid != null && !isFull) throw new ForbiddenError('Setting a uid', FULL_AUTHENTICATION);
  // Regardless of whether the user exists: public callers must not subscribe users again who have unsubscribed.
  if (input.listIds?.length && !scopes.has(LIST_WRITING)) {
    throw new ForbiddenError('Subscribing a user to lists', LIST_WRITING);
  }
  const update = { actorName, canRead: canReadUsers(actor), canChangeEmail: isFull, input };
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

const batchedInsert = batchedWrite<UserToInsert, User>(async (db, workspaceId, users) => {
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
const tryBatchedUpdate = batchedWrite<AttributedUpdate, User | NotUpdated>(async (db, workspaceId, updates, lock) => {
  const results = await writeUpdates(db, workspaceId, updates, { lock, metaCondition: isSmall });
  return results.map((result) => (typeof result === 'object' ? result.user : result));
});

/** Half of each limit of attributes: PostgreSQL counts bytes slightly differently. */
const SMALL_BYTES = attributeLimits.bytes / 2;
const SMALL_KEYS = attributeLimits.keys / 2;

function isSmall(meta: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`octet_length((${meta})::text) <= ${SMALL_BYTES}
    AND (SELECT count(*) FROM jsonb_object_keys(${meta})) <= ${SMALL_KEYS}`;
}
