import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { clockMicroseconds, uuidv7Sql } from '../../db/sql.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { record } from '../changes/record.ts';
import { registerDevice } from '../devices/write.ts';
import { NotFoundError, UidTakenError } from '../shared/errors.ts';
import { idempotentRequest } from '../idempotency/keys.ts';
import { findResult, claimKey } from '../idempotency/keys.ts';
import { joinLists, lockLists } from '../lists/subscribe.ts';
import type { NewUser, UserUpdate } from './inputs.ts';
import { readUsers } from './read.ts';
import { type User, userColumns } from './user.ts';
import { inWriteQueue } from './write-queue.ts';

/**
 * Creates a user, with their first device and their lists, or nothing at all. With an idempotency key, once: the same
 * again is answered with the user that there is, as they are by then.
 * @throws {UidTakenError} when another user of the workspace has the uid.
 * @throws {NotFoundError} when the workspace has no such list; or when the user of the idempotency key is gone.
 * @throws {ValidationError} naming each list that is archived.
 * @throws {IdempotencyConflictError} when the idempotency key stands for something else.
 * @throws {UserBusyError} when too many writes to the user are in flight.
 */
export function createUser(db: Database, actor: Actor, { idempotencyKey, ...input }: NewUser): Promise<{ user: User }> {
  const create = async (tx: WriteDb): Promise<{ user: User }> => {
    const key = idempotencyKey == null ? {} : await takeOrRead(tx, actor.workspaceId, input, idempotencyKey);
    if (key.made) return { user: key.made };
    const listIds = input.listIds ?? [];
    // Before the user's id is made, which follows the order of creation: the lock may have to wait.
    const lists = await lockLists(tx, actor.workspaceId, listIds);
    const user = await insertUser(tx, actor, input, key.id);
    if (!user) throw new UidTakenError(input.uid);
    await joinLists(tx, actor, user.id, listIds, lists);
    if (input.device) await registerDevice(tx, actor, user.id, input.device);
    return { user };
  };
  return inWriteQueue(db, actor.workspaceId, input.uid, () => inTransaction(db, create));
}

/** Takes a key and gives the id for the user, or reads the user who was made under it. */
async function takeOrRead(
  tx: WriteDb,
  workspaceId: string,
  input: Omit<NewUser, 'idempotencyKey'>,
  key: string,
): Promise<{ id?: string; made?: User }> {
  const asked = { ...input, listIds: [...new Set(input.listIds)].sort() };
  const use = idempotentRequest(key, 'createUser', asked);
  const id = await claimKey(tx, workspaceId, use);
  if (id) return { id };
  const madeId = await findResult(tx, workspaceId, use);
  const [made] = madeId === undefined ? [] : await readUsers(tx, workspaceId, [{ id: madeId }]);
  if (!made) throw new NotFoundError('User');
  return { made };
}

/**
 * Inserts a user, or returns nothing where the uid is taken (by a user of a concurrent transaction too).
 * @param id left out: made of the database's clock as the row is inserted.
 */
export async function insertUser(
  tx: WriteDb,
  actor: Actor,
  input: Omit<NewUser, 'listIds'> | Omit<UserUpdate, 'newUid' | 'removeMeta'>,
  id?: string,
): Promise<User | undefined> {
  const now = new Date();
  const meta = JSON.stringify(input.meta ?? {});
  const [user] = await tx.query<User[]>`
    WITH clock AS MATERIALIZED (SELECT ${clockMicroseconds} AS microseconds), created AS (
      INSERT INTO users (
        workspace_id, id, uid, first_name, last_name, number, email, meta, public_meta, created_at, updated_at
      ) SELECT
        ${actor.workspaceId}::uuid, coalesce(${id ?? null}::uuid, ${uuidv7Sql(Prisma.sql`clock.microseconds`)}),
        ${input.uid}, ${input.firstName ?? null}, ${input.lastName ?? null}, ${input.number ?? null},
        ${input.email ?? null}, ${meta}::jsonb, ${canReadUsers(actor) ? '{}' : meta}::jsonb,
        ${input.createdAt ?? now}::timestamptz, ${now}::timestamptz
      FROM clock
      ON CONFLICT (workspace_id, uid) DO NOTHING
      RETURNING ${userColumns.list}
    ), audited AS (${record(actor, 'createUser', { from: Prisma.sql`created`, userId: Prisma.sql`id` })})
    SELECT * FROM created`;
  return user;
}
