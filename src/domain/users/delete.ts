import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { record } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { inWriteQueue } from './write-queue.ts';

/** A user who was deleted. */
export interface DeletedUser {
  id: string;
  uid: string;
}

/**
 * Deletes a user with its devices and memberships, and hides its events from every reader, in one statement. The events, of
 * which there can be millions, are erased in the background (jobs/erase-deleted-users.ts): a trigger on `users` records the
 * task.
 * @throws {NotFoundError} if the workspace has no such user.
 * @throws {UserBusyError} if too many writes to the user are in flight.
 */
export function deleteUser(db: Database, actor: Actor, uid: string): Promise<DeletedUser> {
  const remove = async (tx: WriteDb) => {
    const [deleted] = await tx.query<DeletedUser[]>`/* deleteUser */
      WITH deleted AS (
        DELETE FROM users WHERE workspace_id = ${actor.workspaceId}::uuid AND uid = ${uid} RETURNING id, uid
      ), audited AS (${record(actor, 'deleteUser', { from: Prisma.sql`deleted`, userId: Prisma.sql`id` })})
      SELECT * FROM deleted`;
    if (!deleted) throw new NotFoundError('User');
    return deleted;
  };
  return inWriteQueue(db, actor.workspaceId, uid, () => inTransaction(db, remove));
}
