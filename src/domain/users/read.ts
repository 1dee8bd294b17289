import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Arrays, type FieldSet, readRows } from '../../db/reading/columns.ts';
import { mergePages, type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import type { KeysetSource } from '../../db/reading/keyset-source.ts';
import { addResults, joinRelated, type RelatedRead } from '../../db/reading/related.ts';
import { arrayParameter } from '../../db/sql.ts';
import { listMembersSource } from '../lists/memberships.ts';
import { readMatchingUsers } from './query.ts';
import { parseSearch } from './search.ts';
import { type User, userColumns } from './user.ts';

/** Identifies a user. */
export type UserKey = { id: string } | { uid: string };

/**
 * Reads users by their ids or uids with one statement.
 * @param keys at least one. @param fields all, if omitted; `id` and `uid` are always included.
 * @returns the user of each key, in order; undefined if the workspace has none.
 */
export async function readUsers(
  db: ReadDb,
  workspaceId: string,
  keys: readonly UserKey[],
  fields?: FieldSet,
): Promise<(User | undefined)[]> {
  const ids = new Set(keys.flatMap((key) => ('id' in key ? key.id : [])));
  const uids = new Set(keys.flatMap((key) => ('uid' in key ? key.uid : [])));
  const statements = [
    ...(ids.size > 0 ? [usersWhere(workspaceId, Prisma.sql`id = ANY(${arrayParameter([...ids], 'uuid')})`)] : []),
    ...(uids.size > 0 ? [usersWhere(workspaceId, Prisma.sql`uid = ANY(${arrayParameter([...uids], 'text')})`)] : []),
  ];
  const users = await readRows(db, userColumns, {
    keys: keys.length,
    statement: Prisma.join(statements, ' UNION ALL '),
    fields,
  });
  const byId = new Map(users.map((user) => [user.id, user]));
  const byUid = new Map(users.map((user) => [user.uid, user]));
  return keys.map((key) => ('id' in key ? byId.get(key.id) : byUid.get(key.uid)));
}

/**
 * Reads a user and related rows with one statement. For several users, a statement for each relation costs less
 * (docs/performance-steps.md).
 * @param related at least one, for `resultOf`. @returns undefined if the workspace has no such user.
 */
export async function readUserWithRelated(
  db: ReadDb,
  workspaceId: string,
  key: UserKey,
  related: readonly RelatedRead[],
): Promise<User | undefined> {
  const { list, joins } = joinRelated(related, Prisma.sql`ARRAY[users.id]`);
  const condition = 'id' in key ? Prisma.sql`users.id = ${key.id}::uuid` : Prisma.sql`users.uid = ${key.uid}`;
  const rows = await db.query<(User & Arrays)[]>`/* readUsers with related rows */
    SELECT ${userColumns.list}, ${list} FROM users ${joins} WHERE users.workspace_id = ${workspaceId}::uuid AND ${condition}`;
  const [row] = rows;
  if (!row) return undefined;
  // Without the arrays. The row has all properties of a user, which the type of `fromEntries` does not say.
  const user = Object.fromEntries(userProperties.map((name) => [name, row[name]])) as unknown as User;
  addResults([user], related, row);
  return user;
}

const userProperties = Object.keys(userColumns.expressions) as (keyof User)[];

function usersWhere(workspaceId: string, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`/* readUsers */
    SELECT ${userColumns.list} FROM users WHERE workspace_id = ${workspaceId}::uuid AND ${condition}`;
}

/** Which users to read. Conditions are combined with AND. */
interface UserSelection extends PreparedSelection {
  /** Only users who signed up at or after this time. */
  createdAfter?: Date | undefined;
  /** Only users who signed up before this time. */
  createdBefore?: Date | undefined;
  /** Only users with this phone number, in E.164. */
  number?: string | undefined;
  /** As in `UserQuery`. */
  search?: string | undefined;
}

/** Conditions for which there are statements of their own. */
interface PreparedSelection {
  /** Only users with this address. */
  email?: string | undefined;
  /** Only members of at least one of these lists, subscribed or not. */
  listIds?: string[] | undefined;
}

/** The users of the workspace, newest first; the parent is the workspace. */
export function usersSource(workspaceId: string, { email, listIds }: PreparedSelection = {}): KeysetSource<User> {
  const byEmail = email === undefined ? Prisma.empty : Prisma.sql`AND users.email = ${email}`;
  const byLists = listIds === undefined ? Prisma.empty : Prisma.sql`AND ${isMemberOf(workspaceId, listIds)}`;
  return {
    columns: userColumns,
    table: Prisma.sql`users`,
    where: Prisma.sql`users.workspace_id = ${workspaceId}::uuid ${byEmail} ${byLists}`,
    key: Prisma.sql`users.id`,
  };
}

const isMemberOf = (workspaceId: string, listIds: readonly string[]) => Prisma.sql`EXISTS (
  SELECT FROM list_memberships
  WHERE list_memberships.workspace_id = ${workspaceId}::uuid AND list_memberships.user_id = users.id
    AND list_memberships.list_id = ANY(${arrayParameter(listIds, 'uuid')}))`;

/** Reads a page of the workspace's users, newest first, or in the order of a search. */
export async function readUsersPage(
  db: ReadDb,
  workspaceId: string,
  page: Page,
  { createdAfter, createdBefore, number, search, ...filter }: UserSelection = {},
): Promise<PageOfRows<User>> {
  if (createdAfter || createdBefore || number !== undefined || parseSearch(search)) {
    const { email, listIds } = filter;
    const where = {
      ...(number === undefined ? {} : { number: { eq: number, caseSensitive: true } }),
      ...(createdAfter || createdBefore ? { createdAt: { gte: createdAfter, lt: createdBefore } } : {}),
      ...(email === undefined ? {} : { email: { eq: email, caseSensitive: true } }),
      ...(listIds === undefined ? {} : { lists: { some: { listIds } } }),
    };
    return readMatchingUsers(db, workspaceId, { where, search }, page);
  }
  // Few users have an address, so that checking their memberships is cheap; finding a list's members among all users is not.
  if (filter.listIds && filter.email === undefined) return readMembersPage(db, workspaceId, page, filter.listIds);
  const pages = await readPages(db, usersSource(workspaceId, filter), [workspaceId], page);
  return pages.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}

/** No properties besides the ids. */
const NO_FIELDS: FieldSet = new Set();

/**
 * Reads a page of the members of several lists: the ids of the same page of each list, which the index of memberships returns
 * in order, and then the users of the merged page.
 */
async function readMembersPage(
  db: ReadDb,
  workspaceId: string,
  page: Page,
  listIds: readonly string[],
): Promise<PageOfRows<User>> {
  const lists = [...new Set(listIds)];
  const pages = await readPages(db, listMembersSource(workspaceId), lists, page, NO_FIELDS);
  const { rows, ...neighbours } = mergePages([...pages.values()], page);
  if (rows.length === 0) return { rows: [], ...neighbours };
  const users = await readUsers(
    db,
    workspaceId,
    rows.map(({ id }) => ({ id })),
  );
  // A concurrent request can have deleted a user.
  return { rows: users.filter((user) => user !== undefined), ...neighbours };
}
