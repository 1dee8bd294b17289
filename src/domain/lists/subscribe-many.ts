import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { recordEach } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { type ErrorPolicy, isFailure, type Outcome, writeBulk } from '../shared/bulk.ts';
import { ListArchivedError, NotFoundError } from '../shared/errors.ts';
import { lockUsers } from '../users/lock.ts';
import type { ListSubscription } from './inputs.ts';
import { type List, type ListMembership, type Membership, membershipColumns } from './list.ts';
import { type LockedLists, lockLists, type Subscription } from './subscribe.ts';

/**
 * Sets several subscriptions in one transaction, as `setListSubscription` does in the order of the inputs, with four
 * statements.
 * @param subscriptions validated inputs, or why they are invalid (`parseEach`).
 * @returns the membership of each input or its error, in order: `ValidationError`, `NotFoundError`, `ListArchivedError`,
 * or `BatchRejectedError`.
 */
export function setListSubscriptions(
  db: Database,
  actor: Actor,
  subscriptions: readonly Outcome<ListSubscription>[],
  { errorPolicy }: { errorPolicy: ErrorPolicy },
): Promise<Outcome<ListMembership>[]> {
  return writeBulk(db, errorPolicy, subscriptions, (tx, inputs) => writeSubscriptions(tx, actor, inputs));
}

async function writeSubscriptions(
  tx: WriteDb,
  actor: Actor,
  inputs: readonly ListSubscription[],
): Promise<Outcome<ListMembership>[]> {
  const { workspaceId } = actor;
  const lists = await lockLists(tx, workspaceId, [...new Set(inputs.map(({ listId }) => listId))]);
  // Also against other bulk writes, which would insert missing memberships in an order of their own.
  const userIds = await lockUsers(tx, workspaceId, new Set(inputs.map(({ uid }) => uid)), 'change');
  const pairs = inputs.flatMap(({ uid, listId }) => {
    const userId = userIds.get(uid);
    return userId !== undefined && lists.has(listId) ? [{ userId, listId }] : [];
  });
  const members = await lockMemberships(tx, workspaceId, pairs);
  const decided = inputs.map((input) => decide(input, { lists, userIds, members }));
  const written = await writeMemberships(
    tx,
    actor,
    decided.flatMap((outcome) => (isFailure(outcome) ? [] : [outcome])),
  );
  return decided.map((outcome) => {
    if (isFailure(outcome)) return outcome;
    const { list, userId, subscribed } = outcome;
    const membership = written.get(keyOf({ listId: list.id, userId }));
    if (!membership) throw new Error('An upsert returned no row.');
    return { list, userId, subscribed, joinedAt: membership.joinedAt };
  });
}

/** The key of a membership. */
const keyOf = ({ userId, listId }: Subscription) => `${listId} ${userId}`;

/** An input that can be written. */
interface Change {
  list: List;
  userId: string;
  subscribed: boolean;
}

/** What the transaction has locked. */
interface Locked {
  lists: LockedLists;
  /** By uid. */
  userIds: ReadonlyMap<string, string>;
  /** The keys of the pairs that are members after the inputs that were decided. */
  members: Set<string>;
}

/** Decides whether an input can be written after the inputs before it, with the same rules as `setListSubscription`. */
function decide({ uid, listId, subscribed }: ListSubscription, { lists, userIds, members }: Locked): Outcome<Change> {
  const list = lists.get(listId);
  if (!list) return { error: new NotFoundError('List') };
  const userId = userIds.get(uid);
  if (userId === undefined) return { error: new NotFoundError('User') };
  const key = keyOf({ listId, userId });
  if (!members.has(key)) {
    if (!subscribed) return { error: new NotFoundError('ListMembership') };
    if (list.archivedAt) return { error: new ListArchivedError(listId) };
    members.add(key);
  }
  return { list, userId, subscribed };
}

const arraysOf = (pairs: readonly Subscription[]) => {
  const lists = pairs.map(({ listId }) => listId);
  const users = pairs.map(({ userId }) => userId);
  return Prisma.sql`${arrayParameter(lists, 'uuid')}, ${arrayParameter(users, 'uuid')}`;
};

/**
 * Locks the memberships that exist, so that none of them is removed before it is written. Looks each of them up by its key, as
 * `lockUsers` does. @returns their keys.
 */
async function lockMemberships(tx: WriteDb, workspaceId: string, pairs: readonly Subscription[]): Promise<Set<string>> {
  if (pairs.length === 0) return new Set();
  const rows = await tx.query<Subscription[]>`/* lockMemberships */
    SELECT memberships.* FROM (
      SELECT DISTINCT list_id, user_id FROM unnest(${arraysOf(pairs)}) AS pair(list_id, user_id) ORDER BY list_id, user_id
    ) AS sorted CROSS JOIN LATERAL (
      SELECT list_id AS "listId", user_id AS "userId" FROM list_memberships
      WHERE workspace_id = ${workspaceId}::uuid AND list_id = sorted.list_id AND user_id = sorted.user_id
      FOR NO KEY UPDATE
    ) AS memberships`;
  return new Set(rows.map(keyOf));
}

/**
 * Writes the last subscription of each pair and records all of them in the order of the inputs. A membership that did not
 * exist may have been inserted by a concurrent request since: it is updated.
 * @returns the memberships by the key of their pair.
 */
async function writeMemberships(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  changes: readonly Change[],
): Promise<Map<string, Membership>> {
  if (changes.length === 0) return new Map();
  const at = new Date();
  const values = changes.map(({ subscribed }) => subscribed);
  const pairs = changes.map(({ list, userId }) => ({ listId: list.id, userId }));
  const rows = await tx.query<(Membership & Subscription)[]>`/* writeMemberships */
    WITH input AS (
      SELECT * FROM unnest(${arraysOf(pairs)}, ${arrayParameter(values, 'boolean')})
        WITH ORDINALITY AS input(list_id, user_id, subscribed, place)
    ), changed AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      SELECT ${workspaceId}::uuid, list_id, user_id, subscribed, ${at}::timestamptz
      FROM (SELECT DISTINCT ON (list_id, user_id) * FROM input ORDER BY list_id, user_id, place DESC) AS last
      ORDER BY list_id, user_id
      ON CONFLICT (workspace_id, list_id, user_id) DO UPDATE SET subscribed = EXCLUDED.subscribed
      RETURNING ${membershipColumns.list}, list_id, user_id
    ), audited AS (${recordEach({ workspaceId, actorName: Prisma.sql`${actorName}`, at }, subscriptionAction, {
      from: Prisma.sql`(
        SELECT input.* FROM input JOIN changed USING (list_id, user_id) ORDER BY input.place
      ) AS input`,
      userId: Prisma.sql`user_id`,
      listId: Prisma.sql`list_id`,
    })})
    SELECT list_id AS "listId", user_id AS "userId", subscribed, "joinedAt" FROM changed`;
  return new Map(rows.map((row) => [keyOf(row), row]));
}

const subscriptionAction = Prisma.sql`(
  CASE WHEN input.subscribed THEN 'subscribeToList' ELSE 'unsubscribeFromList' END
)`;
