import { v7 as uuidv7 } from 'uuid';
import type { Database, Db } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { registerDevice } from '../devices/register-device.ts';
import { UidTakenError } from '../errors.ts';
import { joinLists } from '../lists/join-lists.ts';
import type { NewUser, UserUpdate } from './inputs.ts';
import { type User, userColumns } from './user.ts';

/**
 * Creates a user, with their first device and their lists, or nothing at all.
 * @throws {UidTakenError} when another user of the workspace has the uid.
 * @throws {NotFoundError} when the workspace has no such list.
 * @throws {ValidationError} naming each list that is archived.
 */
export function createUser(db: Database, workspaceId: string, input: NewUser): Promise<User> {
  return inTransaction(db, async (tx) => {
    const user = await insertUser(tx, workspaceId, input);
    if (!user) throw new UidTakenError(input.uid);
    await joinLists(tx, workspaceId, user.id, input.listIds ?? []);
    if (input.device) await registerDevice(tx, workspaceId, user.id, input.device);
    return user;
  });
}

/** Inserts a user, or returns nothing where the uid is taken (by a user of a concurrent transaction too). */
export async function insertUser(
  tx: Db,
  workspaceId: string,
  input: Omit<NewUser, 'listIds'> | Omit<UserUpdate, 'newUid' | 'removeMeta'>,
): Promise<User | undefined> {
  const now = new Date();
  const [user] = await tx.query<User[]>`
    INSERT INTO users (
      workspace_id, id, uid, first_name, last_name, number, email, meta, created_at, updated_at
    ) VALUES (
      ${workspaceId}::uuid, ${uuidv7()}::uuid, ${input.uid}, ${input.firstName ?? null}, ${input.lastName ?? null},
      ${input.number ?? null}, ${input.email ?? null}, ${JSON.stringify(input.meta ?? {})}::jsonb,
      ${input.createdAt ?? now}, ${now}
    )
    ON CONFLICT (workspace_id, uid) DO NOTHING
    RETURNING ${userColumns}`;
  return user;
}
