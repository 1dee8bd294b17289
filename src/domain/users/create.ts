import type { Database, WriteDb } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { registerDevice } from '../devices/write.ts';
import type { CanonicalInput } from '../idempotency/digest.ts';
import { claimKey, findResult, idempotentRequest } from '../idempotency/keys.ts';
import { joinLists, lockLists } from '../lists/subscribe.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { NotFoundError, UidTakenError } from '../shared/errors.ts';
import type { NewUser } from './inputs.ts';
import { insertUsers } from './insert-users.ts';
import { readUsers } from './read.ts';
import { insertUser } from './upsert.ts';
import type { User } from './user.ts';
import { inWriteQueue } from './write-queue.ts';

/**
 * Creates a user with a device and list memberships, completely or not at all. With an idempotency key, a retry returns the
 * user that the first request created, in its current state.
 * @throws {UidTakenError} if another user of the workspace has the uid.
 * @throws {NotFoundError} if the workspace lacks one of the lists, or if the user of the idempotency key has been deleted.
 * @throws {ValidationError} naming each list that is archived.
 * @throws {IdempotencyConflictError} if the idempotency key was used with another operation or input.
 * @throws {UserBusyError} if too many writes to the user are in flight.
 */
export function createUser(db: Database, actor: Actor, input: NewUser): Promise<{ user: User }> {
  const { workspaceId, actorName } = actor;
  const { idempotencyKey, listIds, ...profile } = input;
  const needsTransaction = idempotencyKey != null || listIds?.length;
  const newUser = { actorName, canRead: canReadUsers(actor), input: profile };
  return inWriteQueue(db, workspaceId, input.uid, async () => {
    const user = needsTransaction
      ? await inTransaction(db, (tx) => createInTransaction(tx, actor, input))
      : await insertUser(db, workspaceId, newUser);
    if (!user) throw new UidTakenError(input.uid);
    return { user };
  });
}

async function createInTransaction(tx: WriteDb, actor: Actor, { idempotencyKey, ...input }: NewUser): Promise<User> {
  const { workspaceId, actorName } = actor;
  const { device, listIds, ...profile } = input;
  const { id, existing } =
    idempotencyKey == null ? {} : await claimKeyOrReadUser(tx, workspaceId, input, idempotencyKey);
  if (existing) return existing;
  // Before the id of the user is generated, since locking can wait: ids follow the order of creation.
  const lists = await lockLists(tx, workspaceId, listIds ?? []);
  const newUser = { actorName, canRead: canReadUsers(actor), input: profile, id };
  const [user] = await insertUsers(tx, workspaceId, [newUser]);
  if (!user) throw new UidTakenError(input.uid);
  await joinLists(tx, actor, user.id, listIds ?? [], lists);
  if (device) await registerDevice(tx, actor, user.id, device);
  return user;
}

/** Claims an idempotency key and returns the id for the new user, or reads the user that was created with the key. */
async function claimKeyOrReadUser(
  tx: WriteDb,
  workspaceId: string,
  input: Omit<NewUser, 'idempotencyKey'>,
  key: string,
): Promise<{ id?: string; existing?: User }> {
  const request = idempotentRequest(key, 'createUser', canonicalNewUser(input));
  const id = await claimKey(tx, workspaceId, request);
  if (id) return { id };
  const existingId = await findResult(tx, workspaceId, request);
  const [existing] = existingId === undefined ? [] : await readUsers(tx, workspaceId, [{ id: existingId }]);
  if (!existing) throw new NotFoundError('User');
  return { existing };
}

/** The input in its canonical form, whose names are part of stored digests (idempotency/digest.ts). */
export function canonicalNewUser(input: Omit<NewUser, 'idempotencyKey'>): CanonicalInput {
  const { uid, firstName, lastName, number, email, device, meta, createdAt, listIds, ...app } = input;
  const { isAccount, timeZone, appVersion, appBuild, appLastActiveAt, ...others } = app;
  // Does not compile if a field is missing from the canonical form.
  const noOthers: Record<string, never> = others;
  return {
    uid,
    firstName,
    lastName,
    number,
    email,
    isAccount,
    timeZone,
    appVersion,
    appBuild,
    appLastActiveAt,
    device: device && { token: device.token, platform: device.platform },
    meta,
    createdAt,
    listIds: [...new Set(listIds)].sort(),
    ...noOthers,
  };
}
