import type { Database, Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { type Actor, canReadUsers } from '../actor.ts';
import { record } from '../audit/record.ts';
import { registerDevice } from '../devices/register-device.ts';
import { NotFoundError, UidTakenError } from '../errors.ts';
import { useOf } from '../idempotency/key-use.ts';
import { madeUnder, takeKey } from '../idempotency/take-key.ts';
import { joinLists } from '../lists/join-lists.ts';
import { newId } from '../new-id.ts';
import type { NewUser, UserUpdate } from './inputs.ts';
import { readUsers } from './read-users.ts';
import { type User, userColumns } from './user.ts';

/**
 * Creates a user, with their first device and their lists, or nothing at all. With an idempotency key, once: the same
 * again is answered with the user that there is, as they are by then.
 * @throws {UidTakenError} when another user of the workspace has the uid.
 * @throws {NotFoundError} when the workspace has no such list; or when the user of the idempotency key is gone.
 * @throws {ValidationError} naming each list that is archived.
 * @throws {IdempotencyConflictError} when the idempotency key stands for something else.
 */
export function createUser(db: Database, actor: Actor, { idempotencyKey, ...input }: NewUser): Promise<{ user: User }> {
  return inTransaction(db, async (tx) => {
    const id = newId();
    const made =
      idempotencyKey == null ? undefined : await takeOrRead(tx, actor.workspaceId, input, id, idempotencyKey);
    if (made) return { user: made };
    const user = await insertUser(tx, actor, id, input);
    if (!user) throw new UidTakenError(input.uid);
    await joinLists(tx, actor, user.id, input.listIds ?? []);
    if (input.device) await registerDevice(tx, actor, user.id, input.device);
    return { user };
  });
}

/** Takes a key, or reads the user who was made under it. */
async function takeOrRead(
  tx: Db,
  workspaceId: string,
  input: Omit<NewUser, 'idempotencyKey'>,
  id: string,
  key: string,
): Promise<User | undefined> {
  const asked = { ...input, listIds: [...new Set(input.listIds)].sort() };
  const use = useOf(key, 'createUser', asked, id);
  if (await takeKey(tx, workspaceId, use)) return undefined;
  const madeId = await madeUnder(tx, workspaceId, use);
  const [made] = madeId === undefined ? [] : await readUsers(tx, workspaceId, [{ id: madeId }]);
  if (!made) throw new NotFoundError('User');
  return made;
}

/** Inserts a user, or returns nothing where the uid is taken (by a user of a concurrent transaction too). */
export async function insertUser(
  tx: Db,
  actor: Actor,
  id: string,
  input: Omit<NewUser, 'listIds'> | Omit<UserUpdate, 'newUid' | 'removeMeta'>,
): Promise<User | undefined> {
  const now = new Date();
  const meta = JSON.stringify(input.meta ?? {});
  const [user] = await tx.query<User[]>`
    WITH created AS (
      INSERT INTO users (
        workspace_id, id, uid, first_name, last_name, number, email, meta, public_meta, created_at, updated_at
      ) VALUES (
        ${actor.workspaceId}::uuid, ${id}::uuid, ${input.uid}, ${input.firstName ?? null}, ${input.lastName ?? null},
        ${input.number ?? null}, ${input.email ?? null}, ${meta}::jsonb,
        ${canReadUsers(actor) ? '{}' : meta}::jsonb, ${input.createdAt ?? now}, ${now}
      )
      ON CONFLICT (workspace_id, uid) DO NOTHING
      RETURNING ${userColumns.list}
    ), audited AS (${record(actor, 'createUser', { from: Prisma.sql`created`, userId: Prisma.sql`id` })})
    SELECT * FROM created`;
  return user;
}
