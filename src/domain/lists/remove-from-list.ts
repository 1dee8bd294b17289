import type { Database } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Ends a user's membership of a list, archived or not.
 * @throws {NotFoundError} when the workspace has no such user or list, or the user is no member.
 */
export async function removeFromList(
  db: Database,
  actor: Actor,
  input: { uid: string; listId: string },
): Promise<{ userId: string; listId: string }> {
  const { workspaceId } = actor;
  const [found] = await db.query<{ userId: string | null; listId: string | null; removed: boolean }[]>`
    WITH member AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
    ), removed AS (
      DELETE FROM list_memberships USING member
      WHERE workspace_id = ${workspaceId}::uuid AND list_id = ${input.listId}::uuid AND user_id = member.id
      RETURNING list_id, user_id
    ), audited AS (${record(actor, 'removeFromList', {
      from: Prisma.sql`removed`,
      userId: Prisma.sql`user_id`,
      listId: Prisma.sql`list_id`,
    })})
    SELECT
      (SELECT id FROM member) AS "userId",
      (SELECT id FROM lists WHERE workspace_id = ${workspaceId}::uuid AND id = ${input.listId}::uuid) AS "listId",
      EXISTS (SELECT 1 FROM removed) AS removed`;
  if (!found?.userId) throw new NotFoundError('User');
  if (!found.listId) throw new NotFoundError('List');
  if (!found.removed) throw new NotFoundError('ListMembership');
  return { userId: found.userId, listId: found.listId };
}
