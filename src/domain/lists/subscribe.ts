import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { inTransaction } from '../../db/transaction.ts';
import { record, recordEach } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { ListArchivedError, NotFoundError, ValidationError } from '../shared/errors.ts';
import { inWriteQueue } from '../users/write-queue.ts';
import type { ListSubscription } from './inputs.ts';
import { type List, type ListMembership, listColumns, type Membership, membershipColumns } from './list.ts';

/**
 * Subscribes a user to a list, which creates a membership if there is none, or unsubscribes a member, who stays a member.
 * @throws {NotFoundError} if the workspace has no such user or list, or if the user to unsubscribe is not a member.
 * @throws {ListArchivedError} if the list is archived and the user is not a member.
 * @throws {UserBusyError} if too many writes to the user are in flight.
 */
export function setListSubscription(db: Database, actor: Actor, input: ListSubscription): Promise<ListMembership> {
  const { workspaceId } = actor;
  return inWriteQueue(db, workspaceId, input.uid, () =>
    inTransaction(db, async (tx) => {
      const list = await lockList(tx, workspaceId, input.listId);
      const userId = await lockUserId(tx, workspaceId, input.uid);
      const updated = await updateMembership(tx, actor, userId, input);
      if (updated) return { list, userId, ...updated };
      if (!input.subscribed) throw new NotFoundError('ListMembership');
      if (list.archivedAt) throw new ListArchivedError(list.id);
      return { list, userId, ...(await joinList(tx, actor, list.id, userId)) };
    }),
  );
}

/** Locks a list against archiving until the transaction ends. */
async function lockList(tx: WriteDb, workspaceId: string, listId: string): Promise<List> {
  const [list] = await tx.query<List[]>`/* lockList */
    SELECT ${listColumns.list} FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${listId}::uuid FOR SHARE`;
  if (!list) throw new NotFoundError('List');
  return list;
}

/** Locks a user against deletion until the transaction ends. */
async function lockUserId(tx: WriteDb, workspaceId: string, uid: string): Promise<string> {
  const [user] = await tx.query<{ id: string }[]>`/* lockUserId */
    SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid} FOR KEY SHARE`;
  if (!user) throw new NotFoundError('User');
  return user.id;
}

/** Records a subscription or its end, as returned by a CTE named `changed`. */
const recordSubscription = (actor: Actor, subscribed: boolean) =>
  record(actor, subscribed ? 'subscribeToList' : 'unsubscribeFromList', {
    from: Prisma.sql`changed`,
    userId: Prisma.sql`user_id`,
    listId: Prisma.sql`list_id`,
  });

async function updateMembership(
  tx: WriteDb,
  actor: Actor,
  userId: string,
  { listId, subscribed }: ListSubscription,
): Promise<Membership | undefined> {
  const [membership] = await tx.query<Membership[]>`/* updateMembership */
    WITH changed AS (
      UPDATE list_memberships SET subscribed = ${subscribed}
      WHERE workspace_id = ${actor.workspaceId}::uuid AND list_id = ${listId}::uuid AND user_id = ${userId}::uuid
      RETURNING ${membershipColumns.list}, user_id, list_id
    ), audited AS (${recordSubscription(actor, subscribed)})
    SELECT subscribed, "joinedAt" FROM changed`;
  return membership;
}

/** Inserts a membership, or updates the one that a concurrent request has just inserted. */
async function joinList(tx: WriteDb, actor: Actor, listId: string, userId: string): Promise<Membership> {
  const [membership] = await tx.query<Membership[]>`/* joinList */
    WITH changed AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      VALUES (${actor.workspaceId}::uuid, ${listId}::uuid, ${userId}::uuid, true, ${new Date()})
      ON CONFLICT (workspace_id, list_id, user_id) DO UPDATE SET subscribed = true
      RETURNING ${membershipColumns.list}, user_id, list_id
    ), audited AS (${recordSubscription(actor, true)})
    SELECT subscribed, "joinedAt" FROM changed`;
  if (!membership) throw new Error('An upsert returned no row.');
  return membership;
}

/**
 * Subscribes a user to locked lists, which creates the memberships that are missing. Ignores duplicates in `listIds`.
 * @param userId a user whom the transaction has locked or inserted. @param lists what `lockLists` returned for `listIds`.
 * @throws {NotFoundError} if the workspace lacks one of the lists.
 * @throws {ValidationError} naming each archived list without the user by its position in `listIds`.
 */
export async function joinLists(
  tx: WriteDb,
  actor: Actor,
  userId: string,
  listIds: readonly string[],
  lists: LockedLists,
): Promise<void> {
  if (listIds.length === 0) return;
  const { workspaceId } = actor;
  if (listIds.some((id) => !lists.has(id))) throw new NotFoundError('List');
  await rejectArchivedLists(tx, workspaceId, userId, listIds, lists);
  const at = new Date();
  const ids = [...lists.keys()];
  await tx.execute`/* joinLists */
    WITH joined AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      SELECT ${workspaceId}::uuid, id, ${userId}::uuid, true, ${at} FROM unnest(${ids}::uuid[]) AS id
      ON CONFLICT (workspace_id, list_id, user_id) DO UPDATE SET subscribed = true
      RETURNING list_id, user_id
    )
    ${recordEach({ workspaceId, actorName: Prisma.sql`${actor.actorName}`, at }, 'subscribeToList', {
      from: Prisma.sql`joined`,
      userId: Prisma.sql`user_id`,
      listId: Prisma.sql`list_id`,
    })}`;
}

/** A list to subscribe a user to. */
export interface Subscription {
  userId: string;
  listId: string;
}

/**
 * `joinLists` for many users, with one statement: subscribes users whom the transaction has locked or inserted to lists that it
 * has locked and that are not archived. Ignores duplicates.
 */
export async function subscribeUsers(
  tx: WriteDb,
  { workspaceId, actorName }: Actor,
  subscriptions: readonly Subscription[],
): Promise<void> {
  if (subscriptions.length === 0) return;
  const at = new Date();
  const lists = arrayParameter(
    subscriptions.map(({ listId }) => listId),
    'uuid',
  );
  const users = arrayParameter(
    subscriptions.map(({ userId }) => userId),
    'uuid',
  );
  await tx.execute`/* subscribeUsers */
    WITH joined AS (
      INSERT INTO list_memberships (workspace_id, list_id, user_id, subscribed, joined_at)
      SELECT ${workspaceId}::uuid, list_id, user_id, true, ${at}::timestamptz
      FROM (SELECT DISTINCT * FROM unnest(${lists}, ${users}) AS pair(list_id, user_id)) AS subscription
      ORDER BY list_id, user_id
      ON CONFLICT (workspace_id, list_id, user_id) DO UPDATE SET subscribed = true
      RETURNING list_id, user_id
    )
    ${recordEach({ workspaceId, actorName: Prisma.sql`${actorName}`, at }, 'subscribeToList', {
      from: Prisma.sql`joined`,
      userId: Prisma.sql`user_id`,
      listId: Prisma.sql`list_id`,
    })}`;
}

/** Archived lists keep their members, who can be subscribed again, but take no new ones. */
async function rejectArchivedLists(
  tx: WriteDb,
  workspaceId: string,
  userId: string,
  listIds: readonly string[],
  lists: LockedLists,
): Promise<void> {
  const archived = listIds.filter((id) => lists.get(id)?.archivedAt);
  if (archived.length === 0) return;
  const memberships = await tx.query<{ listId: string }[]>`/* readArchivedMemberships */
    SELECT list_id AS "listId" FROM list_memberships
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND list_id = ANY(${archived}::uuid[])`;
  const joined = new Set(memberships.map(({ listId }) => listId));
  const issues = listIds.flatMap((id, place) =>
    lists.get(id)?.archivedAt && !joined.has(id)
      ? [{ path: ['listIds', String(place)], code: 'LIST_ARCHIVED', message: 'is archived' }]
      : [],
  );
  if (issues.length > 0) throw new ValidationError(issues);
}

/** Lists by their ids. */
export type LockedLists = ReadonlyMap<string, List>;

/** Locks lists against archiving until the transaction ends. @returns those that exist. */
export async function lockLists(tx: WriteDb, workspaceId: string, listIds: readonly string[]): Promise<LockedLists> {
  if (listIds.length === 0) return new Map();
  const lists = await tx.query<List[]>`/* lockLists */
    SELECT ${listColumns.list} FROM lists
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${listIds}::uuid[])
    ORDER BY id FOR SHARE`;
  return new Map(lists.map((list) => [list.id, list]));
}

/**
 * Deletes a user's membership in a list, archived or not.
 * @throws {NotFoundError} if the workspace has no such user or list, or the user is not a member.
 */
export async function removeFromList(
  db: Database,
  actor: Actor,
  input: { uid: string; listId: string },
): Promise<{ userId: string; listId: string }> {
  const { workspaceId } = actor;
  const [row] = await db.query<
    { userId: string | null; listId: string | null; isRemoved: boolean }[]
  >`/* removeFromList */
    WITH member AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
    ), removed AS (
      DELETE FROM list_memberships USING member
      WHERE workspace_id = ${workspaceId}::uuid AND list_id = ${input.listId}::uuid AND user_id = member.id
      RETURNING list_id, user_id
    ), audited AS (${record(actor, 'removeFromList', {
      from: Prisma.sql`removed`,
      userId: Prisma.sql`user_id`,
      listId: Prisma.sql`list_id`,
    })})
    SELECT
      (SELECT id FROM member) AS "userId",
      (SELECT id FROM lists WHERE workspace_id = ${workspaceId}::uuid AND id = ${input.listId}::uuid) AS "listId",
      EXISTS (SELECT 1 FROM removed) AS "isRemoved"`;
  if (!row?.userId) throw new NotFoundError('User');
  if (!row.listId) throw new NotFoundError('List');
  if (!row.isRemoved) throw new NotFoundError('ListMembership');
  return { userId: row.userId, listId: row.listId };
}
