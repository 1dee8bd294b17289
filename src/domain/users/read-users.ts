import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type KeysetSource, type Page, readSlices, type Slice } from '../../db/keyset.ts';
import { type User, userColumns } from './user.ts';

/** The users with some ids, by id; those that the workspace has not are left out. */
export async function readUsers(db: Db, workspaceId: string, ids: readonly string[]): Promise<Map<string, User>> {
  const users = await db.$queryRaw<User[]>`
    SELECT ${userColumns} FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${ids}::uuid[])`;
  return new Map(users.map((user) => [user.id, user]));
}

/** The users with some uids, by uid; those that the workspace has not are left out. */
export async function readUsersByUid(db: Db, workspaceId: string, uids: readonly string[]): Promise<Map<string, User>> {
  const users = await db.$queryRaw<User[]>`
    SELECT ${userColumns} FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND uid = ANY(${uids}::text[])`;
  return new Map(users.map((user) => [user.uid, user]));
}

/** All users of the workspace, or those with an e-mail address, newest first; the parent is the workspace. */
export function usersSource(email?: string): KeysetSource<User> {
  const filter = email === undefined ? Prisma.empty : Prisma.sql`AND users.email = ${email}`;
  return {
    columns: userColumns,
    table: Prisma.sql`users`,
    where: Prisma.sql`users.workspace_id = parent.id ${filter}`,
    key: Prisma.sql`users.id`,
  };
}

/** A page of the workspace's users, newest first. @param email only those with this address. */
export async function readUsersPage(db: Db, workspaceId: string, page: Page, email?: string): Promise<Slice<User>> {
  const slices = await readSlices(db, usersSource(email), [workspaceId], page);
  return slices.get(workspaceId) ?? { rows: [], hasNextPage: false, hasPreviousPage: false };
}
