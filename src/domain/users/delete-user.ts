import type { Database } from '../../db/client.ts';
import { inTransaction } from '../../db/transaction.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Deletes a user with everything about them: devices, memberships, events. Returns the id they had.
 * @throws {NotFoundError} when the workspace has no such user.
 */
export function deleteUser(db: Database, workspaceId: string, uid: string): Promise<{ id: string; uid: string }> {
  return inTransaction(db, async (tx) => {
    const [deleted] = await tx.query<{ id: string; uid: string }[]>`
      DELETE FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${uid} RETURNING id, uid`;
    if (!deleted) throw new NotFoundError('User');
    return deleted;
  });
}
