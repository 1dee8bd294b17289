import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { KeysetSource } from '../../db/keyset.ts';
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

/** All users of the workspace, newest first; the parent is the workspace. */
export const usersSource: KeysetSource<User> = {
  columns: userColumns,
  from: Prisma.sql`users`,
  where: Prisma.sql`users.workspace_id = parent.id`,
  key: Prisma.sql`users.id`,
};
