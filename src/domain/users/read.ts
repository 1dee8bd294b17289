import type { ReadDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type FieldSet, readRows } from '../../db/reading/columns.ts';
import { type KeysetSource, type Page, type PageOfRows, readPages } from '../../db/reading/keyset.ts';
import { arrayParameter } from '../../db/sql.ts';
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

function usersWhere(workspaceId: string, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`/* readUsers */
    SELECT ${userColumns.list} FROM users WHERE workspace_id = ${workspaceId}::uuid AND ${condition}`;
}

/** The users of the workspace, newest first; the parent is the workspace. @param email only users with this address. */
export function usersSource(workspaceId: string, email?: string): KeysetSource<User> {
  const filter = email === undefined ? Prisma.empty : Prisma.sql`AND users.email = ${email}`;
  return {
    columns: userColumns,
    table: Prisma.sql`users`,
    where: Prisma.sql`users.workspace_id = ${workspaceId}::uuid ${filter}`,
    key: Prisma.sql`users.id`,
  };
}

/** Reads a page of the workspace's users, newest first. @param email only users with this address. */
export async function readUsersPage(
  db: ReadDb,
  workspaceId: string,
  page: Page,
  email?: string,
): Promise<PageOfRows<User>> {
  const pages = await readPages(db, usersSource(workspaceId, email), [workspaceId], page);
  return pages.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}
