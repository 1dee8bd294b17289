import type { Db } from '../../db/client.ts';
import { type User, userColumns } from './user.ts';

/** Reads a user and keeps other writers from them until the transaction ends; new events are let through. */
export async function lockUser(tx: Db, workspaceId: string, uid: string): Promise<User | undefined> {
  const [user] = await tx.query<User[]>`
    SELECT ${userColumns.list} FROM users
    WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid}
    FOR NO KEY UPDATE`;
  return user;
}
