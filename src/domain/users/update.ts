import type { Database, WriteDb } from '../../db/client.ts';
import { TransactionConflict, violates } from '../../db/errors.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { registerDevice } from '../devices/write.ts';
import { ForbiddenError, UidNotUpdateableError, UidTakenError, ValidationError } from '../shared/errors.ts';
import type { Scope } from '../shared/scopes.ts';
import { insertUser } from './create.ts';
import type { UserUpdate } from './inputs.ts';
import { type User, userColumns } from './user.ts';
import { inWriteQueue } from './write-queue.ts';
import { Prisma } from '../../db/generated/client.ts';
import { record } from '../changes/record.ts';
import { batchedWrite } from '../../db/batching.ts';
import { type Attributes, attributeLimits, limitFaults } from '../shared/attributes.ts';
import { type AttributedUpdate, writeUpdates } from './write-updates.ts';

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
    const updated = canUpdateInOneStatement(input, full)
      ? await tryBatchedUpdate(db, workspaceId, { actorName, canRead: canReadUsers(actor), input })
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
function canUpdateInOneStatement({ newUid, device, email }: UserUpdate, full: boolean): boolean {
  return newUid == null && device == null && (full || email === undefined);
}

/** Giving an address to a user who has none, or the same again, is no change. */
function changesEmail(user: User, input: UserUpdate): boolean {
  return input.email !== undefined && user.email !== null && input.email !== user.email;
}

/** Finds and locks the user that the input is about, or inserts them. */
async function lockOrInsert(tx: WriteDb, actor: Actor, full: boolean, input: UserUpdate): Promise<Upserted> {
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

/**
 * Gives a uid to the one user with an e-mail address whose uid may still be set.
 * Returns nothing where there is no such user, or more than one.
 * @throws {UidNotUpdateableError} when another caller has just given that user another uid.
 */
export async function claimUser(tx: WriteDb, actor: Actor, email: string, uid: string): Promise<User | undefined> {
  const { workspaceId } = actor;
  const candidates = await tx.query<{ id: string }[]>`
    SELECT id FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND email = ${email} AND uid_updateable
    LIMIT 2`;
  const [candidate, second] = candidates;
  if (!candidate || second) return undefined;
  const claimed = await giveUid(tx, actor, candidate.id, { email, uid });
  if (claimed) return claimed;
  const winner = await lockUser(tx, workspaceId, uid);
  if (winner) return winner;
  if (await hasEmail(tx, workspaceId, candidate.id, email)) throw new UidNotUpdateableError(uid);
  return undefined;
}

async function giveUid(
  tx: WriteDb,
  actor: Actor,
  id: string,
  { email, uid }: { email: string; uid: string },
): Promise<User | undefined> {
  try {
    const [user] = await tx.query<User[]>`
      WITH claimed AS (
        UPDATE users SET uid = ${uid}, uid_updateable = false
        WHERE workspace_id = ${actor.workspaceId}::uuid AND id = ${id}::uuid AND email = ${email} AND uid_updateable
        RETURNING ${userColumns.list}
      ), audited AS (${record(actor, 'claimUser', { from: Prisma.sql`claimed`, userId: Prisma.sql`id` })})
      SELECT * FROM claimed`;
    return user;
  } catch (error) {
    // Another caller has just created the uid: from the start again, which then finds that user.
    throw violates(error, 'users_uid_unique') ? new TransactionConflict() : error;
  }
}

/** Whether a candidate lost to another claim is still there with the address: else it is no candidate any more. */
async function hasEmail(tx: WriteDb, workspaceId: string, id: string, email: string): Promise<boolean> {
  const found = await tx.query<unknown[]>`
    SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND email = ${email}`;
  return found.length > 0;
}

/**
 * Writes an update to a user whom the transaction has locked.
 * @throws as `updateUser` does, but for what it has checked before.
 */
export async function applyUpdate(tx: WriteDb, actor: Actor, user: User, input: UserUpdate): Promise<User> {
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
export const tryBatchedUpdate = batchedWrite<AttributedUpdate, User>(async (db, workspaceId, updates, lock) => {
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

async function write(tx: WriteDb, actor: Actor, update: UserUpdate) {
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

/** Reads a user and keeps other writers from them until the transaction ends; new events are let through. */
export async function lockUser(tx: WriteDb, workspaceId: string, uid: string): Promise<User | undefined> {
  const [user] = await tx.query<User[]>`
    SELECT ${userColumns.list} FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}
    FOR NO KEY UPDATE`;
  return user;
}
