import type { WriteDb } from '../../db/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { type Registration, registerDevices } from '../devices/write.ts';
import { type LockedLists, lockLists, type Subscription, subscribeUsers } from '../lists/subscribe.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { type Failure, isFailure, type Outcome } from '../shared/bulk.ts';
import { DomainError, NotFoundError } from '../shared/errors.ts';
import type { UserUpdate } from './inputs.ts';
import { insertUsers } from './insert-users.ts';
import { FULL_AUTHENTICATION, missingPermission, type Upserted, upsertInTransaction } from './upsert-in-transaction.ts';
import { isSmall, writeUpdates } from './write-updates.ts';

/** An input with its position. */
interface Entry {
  place: number;
  input: UserUpdate;
}

/** The rows that the transaction has locked, and what it has written. */
interface Progress {
  lists: LockedLists;
  /** The uids of users who exist. */
  uids: Set<string>;
  /** The addresses of users with an updateable uid. */
  claimable: ReadonlySet<string>;
  /** By the position of the input. */
  outcomes: Map<number, Outcome<Upserted>>;
  /** The positions of the inputs that were written alone, with their lists. */
  alone: Set<number>;
}

/** Options of `upsertMany`. */
interface UpsertManyOptions {
  /** Whether new users can claim imported ones with the same address; false if the inputs say which users have an updateable uid. */
  canClaim?: boolean;
}

/**
 * `updateUser` for many inputs in a transaction that the caller has begun, with two to six statements: one locks the users who
 * exist, one updates them, one inserts the others, and others write devices and list memberships. Rows are locked in a fixed
 * order, so that concurrent calls cannot deadlock. It takes one more statement for each further input with the same uid, since
 * those are written in order, and several for each input that sets a uid, claims an imported user, has attributes near their
 * limits, or fails for a reason that only the stored user shows.
 *
 * A token that several inputs contain belongs to the last of them, and is not registered for the others.
 * @param inputs validated inputs, or why they are invalid (`parseEach`).
 * @returns the user of each input after it was written, or its error, in order; an input with an error changes nothing. The
 *   errors are those of `updateUser`, except for `UserBusyError`.
 * @throws {TransactionConflict} after a conflict with a concurrent insert; `inTransaction` retries the transaction.
 */
export async function upsertMany(
  tx: WriteDb,
  actor: Actor,
  inputs: readonly Outcome<UserUpdate>[],
  { canClaim = true }: UpsertManyOptions = {},
): Promise<Outcome<Upserted>[]> {
  const outcomes = new Map<number, Outcome<Upserted>>();
  const allowed: Entry[] = [];
  for (const [place, input] of inputs.entries()) {
    if (isFailure(input)) {
      outcomes.set(place, input);
      continue;
    }
    const error = missingPermission(actor, input);
    if (error) outcomes.set(place, { error });
    else allowed.push({ place, input });
  }
  // Before the users, in the order in which every transaction locks them.
  const listIds = new Set(allowed.flatMap(({ input }) => input.listIds ?? []));
  const lists = await lockLists(tx, actor.workspaceId, [...listIds]);
  const entries: Entry[] = [];
  for (const entry of allowed) {
    if (entry.input.listIds?.every((id) => lists.has(id)) ?? true) entries.push(entry);
    else outcomes.set(entry.place, { error: new NotFoundError('List') });
  }
  const locked = await lockByUidOrEmail(tx, actor, entries);
  const claimable = canClaim ? locked.claimable : new Set<string>();
  const progress = { lists, uids: locked.uids, claimable, outcomes, alone: new Set<number>() };
  for (const round of toRounds(entries)) await writeRound(tx, actor, round, progress);
  await writeRelations(tx, actor, entries, progress);
  return inputs.map((_, place) => outcomes.get(place) ?? missingOutcome());
}

function missingOutcome(): never {
  throw new Error('An input of a bulk write has no outcome.');
}

/**
 * Locks the users with the uids of the inputs, and those whose uid may be claimed, in the order of their ids.
 *
 * Each row is looked up by its key in a lateral subquery: with `= ANY`, PostgreSQL can read all users of a workspace that its
 * statistics do not know yet, such as during the first import. For the same reason, each lookup is of a range, in the order of
 * the index to use: an order by a column that equals a value would be omitted, and PostgreSQL, which expects one user in the
 * workspace, would use any index that begins with the workspace, and read all of it for each user.
 */
async function lockByUidOrEmail(
  tx: WriteDb,
  { workspaceId, scopes }: Actor,
  entries: readonly Entry[],
): Promise<Pick<Progress, 'uids' | 'claimable'>> {
  const uids = [...new Set(entries.map(({ input }) => input.uid))];
  const emails = scopes.has(FULL_AUTHENTICATION) ? new Set(entries.flatMap(({ input }) => input.email || [])) : [];
  const users = await tx.query<{ uid: string; claimableEmail: string | null }[]>`/* lockByUidOrEmail */
    WITH found AS MATERIALIZED (
      SELECT users.id FROM unnest(${arrayParameter(uids, 'text')}) AS sent(uid) CROSS JOIN LATERAL (
        SELECT id FROM users
        WHERE workspace_id = ${workspaceId}::uuid AND uid BETWEEN sent.uid AND sent.uid ORDER BY uid LIMIT 1
      ) AS users
      UNION
      SELECT users.id FROM unnest(${arrayParameter([...emails], 'text')}) AS sent(email) CROSS JOIN LATERAL (
        SELECT id, email, uid_updateable FROM users
        WHERE workspace_id = ${workspaceId}::uuid AND email <= sent.email
        ORDER BY email DESC, uid_updateable DESC, id LIMIT 2
      ) AS users WHERE users.email = sent.email AND users.uid_updateable
    )
    SELECT users.* FROM (SELECT id FROM found ORDER BY id) AS sorted CROSS JOIN LATERAL (
      SELECT uid, CASE WHEN uid_updateable THEN email END AS "claimableEmail" FROM users
      WHERE workspace_id = ${workspaceId}::uuid AND id BETWEEN sorted.id AND sorted.id ORDER BY id LIMIT 1
      FOR NO KEY UPDATE
    ) AS users`;
  return {
    uids: new Set(users.map(({ uid }) => uid)),
    claimable: new Set(users.flatMap(({ claimableEmail }) => claimableEmail ?? [])),
  };
}

/** Divides inputs into rounds, in which each uid occurs once: the first input of each uid, the second one, and so on. */
function toRounds(entries: readonly Entry[]): Entry[][] {
  const rounds: Entry[][] = [];
  const roundOf = new Map<string, number>();
  for (const entry of entries) {
    const { uid, newUid } = entry.input;
    const uids = newUid == null ? [uid] : [uid, newUid];
    const round = Math.max(...uids.map((each) => roundOf.get(each) ?? 0));
    for (const each of uids) roundOf.set(each, round + 1);
    const others = rounds[round];
    if (others) others.push(entry);
    else rounds[round] = [entry];
  }
  return rounds;
}

/** Writes inputs with distinct uids, without their devices and lists. */
async function writeRound(
  tx: WriteDb,
  actor: Actor,
  entries: readonly Entry[],
  { lists, uids, claimable, outcomes, alone }: Progress,
): Promise<void> {
  const isAlone = ({ input }: Entry) => input.newUid != null || input.listIds?.some((id) => lists.get(id)?.archivedAt);
  const batched = entries.filter((entry) => !isAlone(entry));
  const { known = [], unknown = [] } = Object.groupBy(batched, ({ input }) =>
    uids.has(input.uid) ? 'known' : 'unknown',
  );
  await updateKnown(tx, actor, known, outcomes);
  await insertUnknown(tx, actor, unknown, { claimable, outcomes });
  for (const { input } of unknown) uids.add(input.uid);
  // Concurrent transactions have inserted the users, or they are to be claimed.
  const missed = unknown.filter(({ place }) => !outcomes.has(place));
  if (missed.length > 0) {
    const found = await lockByUidOrEmail(tx, actor, missed);
    const updates = missed.filter(({ input }) => found.uids.has(input.uid));
    await updateKnown(tx, actor, updates, outcomes);
  }
  for (const { place, input } of entries) {
    if (outcomes.has(place)) continue;
    alone.add(place);
    outcomes.set(place, await writeAlone(tx, actor, input));
  }
}

const senderOf = (actor: Actor) => ({
  actorName: actor.actorName,
  canRead: canReadUsers(actor),
  canChangeEmail: actor.scopes.has(FULL_AUTHENTICATION),
});

/** Updates users whom the transaction has locked. An input without an outcome must be written alone. */
async function updateKnown(
  tx: WriteDb,
  actor: Actor,
  entries: readonly Entry[],
  outcomes: Progress['outcomes'],
): Promise<void> {
  if (entries.length === 0) return;
  const updates = entries.map(({ input }) => ({ ...senderOf(actor), input }));
  const results = await writeUpdates(tx, actor.workspaceId, updates, { lock: 'wait', metaCondition: isSmall });
  for (const [index, { place }] of entries.entries()) {
    const result = results[index];
    if (typeof result === 'object') outcomes.set(place, { user: result.user, created: false });
  }
}

/** Inserts users. An input without an outcome claims an imported user, or its uid has been taken since. */
async function insertUnknown(
  tx: WriteDb,
  actor: Actor,
  entries: readonly Entry[],
  { claimable, outcomes }: Pick<Progress, 'claimable' | 'outcomes'>,
): Promise<void> {
  if (entries.length === 0) return;
  const users = entries.map(({ input: { device: _, ...input } }) => ({
    ...senderOf(actor),
    input,
    canClaim: input.email != null && claimable.has(input.email),
  }));
  const inserted = await insertUsers(tx, actor.workspaceId, users);
  for (const [index, { place }] of entries.entries()) {
    const user = inserted[index];
    if (user) outcomes.set(place, { user, created: true });
  }
}

/** Writes an input with the statements of `updateUser`, without its device. If it fails, the transaction remains usable. */
async function writeAlone(tx: WriteDb, actor: Actor, { device: _, ...input }: UserUpdate): Promise<Outcome<Upserted>> {
  await tx.execute`/* beginInput */ SAVEPOINT input`;
  const outcome = await upsertInTransaction(tx, actor, input).catch(async (error: unknown): Promise<Failure> => {
    if (!(error instanceof DomainError)) throw error;
    await tx.execute`/* undoInput */ ROLLBACK TO SAVEPOINT input`;
    return { error };
  });
  await tx.execute`/* endInput */ RELEASE SAVEPOINT input`;
  return outcome;
}

/** Writes the devices and list memberships of the inputs that were written. */
async function writeRelations(
  tx: WriteDb,
  actor: Actor,
  entries: readonly Entry[],
  { outcomes, alone }: Progress,
): Promise<void> {
  const registrations: Registration[] = [];
  const subscriptions: Subscription[] = [];
  for (const { place, input } of entries) {
    const outcome = outcomes.get(place);
    if (!outcome || isFailure(outcome)) continue;
    const userId = outcome.user.id;
    if (input.device) registrations.push({ userId, device: input.device });
    // Those of inputs that were written alone can be archived.
    if (alone.has(place)) continue;
    for (const listId of input.listIds ?? []) subscriptions.push({ userId, listId });
  }
  await registerDevices(tx, actor, registrations);
  await subscribeUsers(tx, actor, subscriptions);
}
