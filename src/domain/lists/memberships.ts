import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { columnsOf, readRows } from '../../db/reading/columns.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import type { OrderedSource } from '../../db/reading/ordered/source.ts';
import { arrayParameter } from '../../db/sql.ts';
import { matchingMembers, type UserQuery } from '../users/query.ts';
import { userColumns } from '../users/user.ts';
import {
  type List,
  type ListMember,
  type ListMembership,
  listColumns,
  type Membership,
  membershipColumns,
} from './list.ts';

/** A list with the membership of a user. */
type ListOfUser = List & Membership & { readonly userId: string };

const listOfUserColumns = columnsOf<ListOfUser>({
  userId: Prisma.sql`list_memberships.user_id`,
  ...membershipColumns.expressions,
  ...listColumns.expressions,
});

const memberColumns = columnsOf<ListMember>({ ...membershipColumns.expressions, ...userColumns.expressions }, ['id']);

/** Reads the list memberships of several users, newest list first, by the id of the user. */
export async function readListMemberships(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, readonly ListMembership[]>> {
  const rows = await readRows(db, listOfUserColumns, {
    keys: userIds.length,
    statement: Prisma.sql`/* readListMemberships */
    SELECT ${listOfUserColumns.list}
    FROM list_memberships
    JOIN lists ON lists.workspace_id = ${workspaceId}::uuid AND lists.id = list_memberships.list_id
    WHERE list_memberships.workspace_id = ${workspaceId}::uuid AND list_memberships.user_id = ANY(${arrayParameter(userIds, 'uuid')})
    ORDER BY list_memberships.user_id, list_memberships.list_id DESC`,
  });
  const memberships = rows.map(({ userId, subscribed, joinedAt, ...list }) => ({ userId, subscribed, joinedAt, list }));
  return Map.groupBy(memberships, (membership) => membership.userId);
}

/**
 * The members of a list, newest user first; the parent is the list.
 * @param subscribed true or false for only those who are, or are not, subscribed.
 */
export function listMembersSource(workspaceId: string, subscribed?: boolean | null): KeysetSource<ListMember> {
  return {
    columns: memberColumns,
    table: Prisma.sql`list_memberships`,
    join: Prisma.sql`JOIN users
      ON users.workspace_id = ${workspaceId}::uuid AND users.id = list_memberships.user_id`,
    where: Prisma.sql`list_memberships.workspace_id = ${workspaceId}::uuid
      AND list_memberships.list_id = parent.id ${isSubscribed(subscribed)}`,
    key: Prisma.sql`list_memberships.user_id`,
  };
}

/** The members of a list that match a query. @param subscribed as for `listMembersSource`. @param now as for `matchingUsers`. */
export function matchingListMembers(
  workspaceId: string,
  listId: string,
  { subscribed, ...query }: UserQuery & { subscribed?: boolean | null | undefined },
  now: Date,
): OrderedSource<ListMember> {
  return matchingMembers(workspaceId, query, now, {
    membership: {
      table: Prisma.sql`list_memberships`,
      where: Prisma.sql`list_memberships.workspace_id = ${workspaceId}::uuid
        AND list_memberships.list_id = ${listId}::uuid ${isSubscribed(subscribed)}`,
      rowId: Prisma.sql`list_memberships.user_id`,
    },
    columns: memberColumns,
  });
}

const isSubscribed = (subscribed: boolean | null | undefined) =>
  subscribed == null ? Prisma.empty : Prisma.sql`AND list_memberships.subscribed = ${subscribed}`;

/** A user's subscription to a list, without the list itself. */
export interface SubscriptionStatus {
  userId: string;
  listId: string;
  subscribed: boolean;
}

const subscriptionColumns = columnsOf<SubscriptionStatus>({
  userId: Prisma.sql`list_memberships.user_id`,
  listId: Prisma.sql`list_memberships.list_id`,
  subscribed: Prisma.sql`list_memberships.subscribed`,
});

/** The list subscriptions of some users, by user id, newest list first. Does not read the lists. */
export async function readListSubscriptions(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, SubscriptionStatus[]>> {
  const rows = await readRows(db, subscriptionColumns, {
    keys: userIds.length,
    statement: Prisma.sql`/* readListSubscriptions */
    SELECT ${subscriptionColumns.list} FROM list_memberships
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${arrayParameter(userIds, 'uuid')})
    ORDER BY list_memberships.user_id, list_memberships.list_id DESC`,
  });
  return Map.groupBy(rows, ({ userId }) => userId);
}
