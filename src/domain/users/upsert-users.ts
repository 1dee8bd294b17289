import type { Database, WriteDb } from '../../db/client.ts';
import type { CanonicalInput } from '../idempotency/digest.ts';
import { claimKeys, idempotentRequest, readResults, storeResults } from '../idempotency/keys.ts';
import type { Actor } from '../shared/actor.ts';
import { type ErrorPolicy, isFailure, type Outcome, writeBulk } from '../shared/bulk.ts';
import { NotFoundError } from '../shared/errors.ts';
import { canonicalNewUser } from './create.ts';
import type { NewUser, UserUpdate } from './inputs.ts';
import { readUsers } from './read.ts';
import type { Upserted } from './upsert-in-transaction.ts';
import { upsertMany } from './upsert-many.ts';

/** How several users are written. */
interface UpsertUsersOptions {
  errorPolicy: ErrorPolicy;
  /**
   * Makes the whole request safe to retry: a retry returns the users that were written, in their current state, and tries to
   * write those that failed.
   */
  idempotencyKey?: string | null | undefined;
}

/** What is stored of an input that was written: the id of the user, and whether it was created. Null: it failed. */
type StoredResult = [id: string, created: boolean] | null;

/**
 * Updates or creates several users in one transaction.
 * @param inputs validated inputs, or why they are invalid (`parseEach`).
 * @returns the user of each input or its error, in order: those of `upsertMany`, `BatchRejectedError`, or `NotFoundError` if an
 *   earlier request with the key wrote a user who has been deleted since.
 * @throws {IdempotencyConflictError} if the key was used with another operation or other inputs.
 * @throws {IdempotencyKeyBusyError} if a request with the key is in flight for too long.
 */
export function upsertUsers(
  db: Database,
  actor: Actor,
  inputs: readonly Outcome<UserUpdate>[],
  { errorPolicy, idempotencyKey }: UpsertUsersOptions,
): Promise<Outcome<Upserted>[]> {
  if (idempotencyKey == null) return writeBulk(db, errorPolicy, inputs, (tx, users) => upsertMany(tx, actor, users));
  const request = idempotentRequest(idempotencyKey, 'upsertUsers', {
    users: inputs.map((input) => (isFailure(input) ? null : canonicalUserUpdate(input))),
    errorPolicy,
  });
  return writeBulk(db, errorPolicy, inputs, async (tx, users) => {
    const [claim] = await claimKeys(tx, actor.workspaceId, [request]);
    if (claim && 'error' in claim) throw claim.error;
    const isRetry = claim !== undefined && 'existingId' in claim;
    const stored = isRetry ? await readResults<StoredResult>(tx, actor.workspaceId, idempotencyKey) : [];
    const outcomes = await upsertRemaining(tx, actor, users, stored);
    const results = outcomes.map((outcome, place): StoredResult => {
      if (stored[place]) return stored[place];
      return isFailure(outcome) ? null : [outcome.user.id, outcome.created];
    });
    await storeResults(tx, actor.workspaceId, idempotencyKey, results);
    return outcomes;
  });
}

/** Writes the inputs without a stored result, and reads the users of the others. */
async function upsertRemaining(
  tx: WriteDb,
  actor: Actor,
  inputs: readonly UserUpdate[],
  stored: readonly StoredResult[],
): Promise<Outcome<Upserted>[]> {
  const places = [...inputs.keys()];
  const remaining = places.filter((place) => !stored[place]);
  const written = await upsertMany(
    tx,
    actor,
    inputs.filter((_, place) => !stored[place]),
  );
  const outcomes = new Map(remaining.map((place, index) => [place, written[index]]));
  const ids = stored.flatMap((result) => (result ? [{ id: result[0] }] : []));
  const users = ids.length > 0 ? await readUsers(tx, actor.workspaceId, ids) : [];
  const byId = new Map(users.flatMap((user) => (user ? [[user.id, user]] : [])));
  return places.map((place) => {
    const outcome = outcomes.get(place);
    if (outcome) return outcome;
    const [id = '', created = false] = stored[place] ?? [];
    const user = byId.get(id);
    return user ? { user, created } : { error: new NotFoundError('User'), isReplayed: true };
  });
}

/** The input in its canonical form, whose names are part of stored digests (idempotency/digest.ts). */
function canonicalUserUpdate({ newUid, removeMeta, ...shared }: UserUpdate): CanonicalInput {
  // Does not compile if an update has a field that a new user does not have.
  const user: Omit<NewUser, 'idempotencyKey'> & Record<Exclude<keyof typeof shared, keyof NewUser>, never> = shared;
  return { ...canonicalNewUser(user), newUid, removeMeta };
}
