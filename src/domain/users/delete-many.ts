import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { recordEach } from '../changes/record.ts';
import type { Actor } from '../shared/actor.ts';
import { type ErrorPolicy, type Outcome, writeBulk } from '../shared/bulk.ts';
import { NotFoundError } from '../shared/errors.ts';
import type { DeletedUser } from './delete.ts';
import { lockUsers } from './lock.ts';

/**
 * Deletes several users in one transaction, as `deleteUser` does, with two statements.
 * @param users validated inputs, or why they are invalid (`parseEach`).
 * @returns the deleted user of each input or its error, in order: `ValidationError`, `NotFoundError` if the workspace has no
 * such user or an earlier input has the same uid, or `BatchRejectedError`.
 */
export function deleteUsers(
  db: Database,
  actor: Actor,
  users: readonly Outcome<{ uid: string }>[],
  { errorPolicy }: { errorPolicy: ErrorPolicy },
): Promise<Outcome<DeletedUser>[]> {
  return writeBulk(db, errorPolicy, users, async (tx, inputs) => {
    const remaining = await lockUsers(tx, actor.workspaceId, new Set(inputs.map(({ uid }) => uid)), 'delete');
    await deleteLocked(tx, actor, [...remaining.values()]);
    return inputs.map(({ uid }) => {
      const id = remaining.get(uid);
      remaining.delete(uid);
      return id === undefined ? { error: new NotFoundError('User') } : { id, uid };
    });
  });
}

/** Deletes users whom the transaction has locked. */
async function deleteLocked(tx: WriteDb, { workspaceId, actorName }: Actor, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  await tx.execute`/* deleteUsers */
    WITH deleted AS (
      DELETE FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(${arrayParameter(ids, 'uuid')})
      RETURNING id
    )
    ${recordEach({ workspaceId, actorName: Prisma.sql`${actorName}`, at: new Date() }, 'deleteUser', {
      from: Prisma.sql`deleted`,
      userId: Prisma.sql`id`,
    })}`;
}
