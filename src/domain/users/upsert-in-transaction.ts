import type { WriteDb } from '../../db/client.ts';
import { TransactionConflict, violates } from '../../db/errors.ts';
import { Prisma } from '../../db/generated/client.ts';
import { record } from '../changes/record.ts';
import { registerDevice } from '../devices/write.ts';
import { joinLists, lockLists } from '../lists/subscribe.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { type Attributes, mergedAttributeIssues } from '../shared/attributes.ts';
import { ForbiddenError, UidNotUpdateableError, UidTakenError, ValidationError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';
import type { UserUpdate } from './inputs.ts';
import { insertUsers } from './insert-users.ts';
import { type User, userColumns } from './user.ts';
import { writeUpdates } from './write-updates.ts';

/** The scope of full authentication, which changing an e-mail address or a uid requires. */
export const FULL_AUTHENTICATION: Scope = 'users:write';

/** The scope for subscribing users who may exist, as in `setListSubscription`. */
const LIST_WRITING: Scope = 'lists:write';

/** The error of an input that the actor may not write, regardless of whether the user exists. */
export function missingPermission({ scopes }: Actor, { newUid, listIds }: UserUpdate): ForbiddenError | undefined {
  if (newUid != null && !scopes.has(FULL_AUTHENTICATION)) {
    return new ForbiddenError('Setting a uid', FULL_AUTHENTICATION);
  }
  // Public callers must not subscribe users again who have unsubscribed.
  if (listIds?.length && !scopes.has(LIST_WRITING)) {
    return new ForbiddenError('Subscribing a user to lists', LIST_WRITING);
  }
  return undefined;
}

/** A user, and whether this call has created it. */
export interface Upserted {
  user: User;
  created: boolean;
}

/** How often to retry after a conflict with a concurrent insert whose user is then deleted. */
const MAX_ATTEMPTS = 5;

/**
 * Updates, claims or creates a user with a transaction that locks the user first.
 * @throws as `updateUser` does (upsert.ts).
 */
export async function upsertInTransaction(tx: WriteDb, actor: Actor, input: UserUpdate): Promise<Upserted> {
  const listIds = input.listIds ?? [];
  // Before the user, in the order in which every transaction locks them.
  const lists = await lockLists(tx, actor.workspaceId, listIds);
  const upserted = await lockAndWrite(tx, actor, input);
  await joinLists(tx, actor, upserted.user.id, listIds, lists);
  return upserted;
}

async function lockAndWrite(tx: WriteDb, actor: Actor, input: UserUpdate): Promise<Upserted> {
  const isFull = actor.scopes.has(FULL_AUTHENTICATION);
  const { user, created } = await lockOrInsert(tx, actor, isFull, input);
  if (created) return { user, created };
  if (changesEmail(user, input) && !isFull) {
    throw new ForbiddenError('Changing an e-mail address', FULL_AUTHENTICATION);
  }
  if (input.newUid != null && !user.uidUpdateable) throw new UidNotUpdateableError(user.uid);
  if (input.device) await registerDevice(tx, actor, user.id, input.device);
  return { user: await applyUpdate(tx, actor, user, input), created };
}

/** Adding an address for a user who has none, or repeating the stored one, is not a change. */
function changesEmail(user: User, input: UserUpdate): boolean {
  return input.email !== undefined && user.email !== null && input.email !== user.email;
}

/** Finds and locks the user of an input, or inserts it. */
async function lockOrInsert(tx: WriteDb, actor: Actor, isFull: boolean, input: UserUpdate): Promise<Upserted> {
  const { workspaceId, actorName } = actor;
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const locked = await lockUser(tx, workspaceId, input.uid);
    if (locked) return { user: locked, created: false };
    if (input.newUid != null) throw new UidNotUpdateableError(input.uid);
    const claimed = isFull && input.email ? await claimUser(tx, actor, input.email, input.uid) : undefined;
    if (claimed) return { user: claimed, created: false };
    const [inserted] = await insertUsers(tx, workspaceId, [{ actorName, canRead: canReadUsers(actor), input }]);
    if (inserted) return { user: inserted, created: true };
  }
  throw new TransactionConflict();
}

/** Reads a user and locks it against other writers until the transaction ends; concurrent events are still added. */
async function lockUser(tx: WriteDb, workspaceId: string, uid: string): Promise<User | undefined> {
  const [user] = await tx.query<User[]>`/* lockUser */
    SELECT ${userColumns.list} FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}
    FOR NO KEY UPDATE`;
  return user;
}

/**
 * Gives a uid to the one user with an e-mail address whose uid can be updated.
 * @returns undefined if there is no such user, or more than one.
 * @throws {UidNotUpdateableError} if a concurrent request has just given that user another uid.
 */
async function claimUser(tx: WriteDb, actor: Actor, email: string, uid: string): Promise<User | undefined> {
  const { workspaceId } = actor;
  const [candidate, second] = await tx.query<{ id: string }[]>`/* findClaimable */
    SELECT id FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND email = ${email} AND uid_updateable
    LIMIT 2`;
  if (!candidate || second) return undefined;
  const claimed = await setUid(tx, actor, candidate.id, { email, uid });
  if (claimed) return claimed;
  const winner = await lockUser(tx, workspaceId, uid);
  if (winner) return winner;
  if (await hasEmail(tx, workspaceId, candidate.id, email)) throw new UidNotUpdateableError(uid);
  return undefined;
}

async function setUid(
  tx: WriteDb,
  actor: Actor,
  id: string,
  { email, uid }: { email: string; uid: string },
): Promise<User | undefined> {
  try {
    const [user] = await tx.query<User[]>`/* setUid */
      WITH claimed AS (
        UPDATE users SET uid = ${uid}, uid_updateable = false
        WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${id}::uuid AND email = ${email} AND uid_updateable
        RETURNING ${userColumns.list}
      ), audited AS (${record(actor, 'claimUser', { from: Prisma.sql`claimed`, userId: Prisma.sql`id` })})
      SELECT * FROM claimed`;
    return user;
  } catch (error) {
    // A concurrent request has just created the uid: the transaction is retried and then finds that user.
    throw violates(error, 'users_uid_unique') ? new TransactionConflict() : error;
  }
}

/** Whether a candidate that a concurrent request has claimed still has the address; otherwise, it is no longer a candidate. */
async function hasEmail(tx: WriteDb, workspaceId: string, id: string, email: string): Promise<boolean> {
  const rows = await tx.query<unknown[]>`/* hasEmail */
    SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND email = ${email}`;
  return rows.length > 0;
}

/** Writes an update to a user whom the transaction has locked, and checks the limits of the merged attributes. */
async function applyUpdate(tx: WriteDb, actor: Actor, user: User, input: UserUpdate): Promise<User> {
  const canRead = canReadUsers(actor);
  const { user: updated, publicMeta = {} } = await writeUpdate(tx, actor, { ...input, uid: user.uid });
  const limited = canRead ? withoutPublic(updated.meta, publicMeta) : publicMeta;
  // Checks the limits only: values that were stored before a rule was added must not block updates.
  const issues = input.meta ? mergedAttributeIssues(limited) : [];
  if (issues.length > 0) throw new ValidationError(issues.map((each) => ({ ...each, path: ['meta', ...each.path] })));
  return updated;
}

/**
 * The attributes that differ from those that public callers have sent, which have limits of their own: otherwise public
 * callers could use up the limits of all others. A key that both have sent counts towards the limits of the sender of the
 * stored value, so that the total is bounded.
 */
function withoutPublic(meta: Attributes, publicMeta: Attributes): Attributes {
  return Object.fromEntries(Object.entries(meta).filter(([key, value]) => publicMeta[key] !== value));
}

async function writeUpdate(tx: WriteDb, actor: Actor, input: UserUpdate) {
  const { workspaceId, actorName } = actor;
  try {
    const update = { actorName, canRead: canReadUsers(actor), canChangeEmail: true, input };
    const [result] = await writeUpdates(tx, workspaceId, [update], { lock: 'wait' });
    if (typeof result !== 'object') throw new Error('A locked user was not updated.');
    return result;
  } catch (error) {
    throw input.newUid != null && violates(error, 'users_uid_unique') ? new UidTakenError(input.newUid) : error;
  }
}
