import { arrayParameter } from '../../db/sql.ts';
import type { ReadDb } from '../../db/client.ts';
import { readRows, type FieldSet } from '../../db/reading/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type KeysetSource, type Page, readPages, type PageOfRows } from '../../db/reading/keyset.ts';
import { type User, userColumns } from './user.ts';

/** What names a user. */
export type UserKey = { id: string } | { uid: string };

/**
 * The users that some keys name, each at its key's place; undefined where the workspace has none. One statement, whatever is mixed.
 * @param keys at least one. @param wanted besides what keys name. */
export async function readUsers(
  db: ReadDb,
  workspaceId: string,
  keys: readonly UserKey[],
  wanted?: FieldSet,
): Promise<(User | undefined)[]> {
  const ids = new Set(keys.flatMap((key) => ('id' in key ? key.id : [])));
  const uids = new Set(keys.flatMap((key) => ('uid' in key ? key.uid : [])));
  const statements = [
    ...(ids.size > 0 ? [usersWhere(workspaceId, Prisma.sql`id = ANY(${arrayParameter([...ids], 'uuid')})`)] : []),
    ...(uids.size > 0 ? [usersWhere(workspaceId, Prisma.sql`uid = ANY(${arrayParameter([...uids], 'text')})`)] : []),
  ];
  const found = await readRows(db, userColumns, {
    keys: keys.length,
    statement: Prisma.join(statements, ' UNION ALL '),
    fields: wanted,
  });
  const byId = new Map(found.map((user) => [user.id, user]));
  const byUid = new Map(found.map((user) => [user.uid, user]));
  return keys.map((key) => ('id' in key ? byId.get(key.id) : byUid.get(key.uid)));
}

/** The statement that reads the workspace's users with some keys. */
function usersWhere(workspaceId: string, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`SELECT ${userColumns.list} FROM users WHERE workspace_id = ${workspaceId}::uuid AND ${condition}`;
}

/** All users of the workspace, or those with an e-mail address, newest first; the parent is the workspace. */
export function usersSource(workspaceId: string, email?: string): KeysetSource<User> {
  const filter = email === undefined ? Prisma.empty : Prisma.sql`AND users.email = ${email}`;
  return {
    columns: userColumns,
    table: Prisma.sql`users`,
    where: Prisma.sql`users.workspace_id = ${workspaceId}::uuid ${filter}`,
    key: Prisma.sql`users.id`,
  };
}

/** A page of the workspace's users, newest first. @param email only those with this address. */
export async function readUsersPage(
  db: ReadDb,
  workspaceId: string,
  page: Page,
  email?: string,
): Promise<PageOfRows<User>> {
  const slices = await readPages(db, usersSource(workspaceId, email), [workspaceId], page);
  return slices.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}
