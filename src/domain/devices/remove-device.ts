import type { Database } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Actor, canReadUsers } from '../actor.ts';
import { record } from '../audit/record.ts';
import { NotFoundError } from '../errors.ts';

/**
 * Removes a device from a user, as at sign-out. An actor who may not read users gets the same answer where there was nothing to
 * remove; there is no audit entry then.
 * @throws {NotFoundError} to an actor who may read users, when the workspace has no such user, or the user no such device.
 */
export async function removeDevice(
  db: Database,
  actor: Actor,
  input: { uid: string; token: string },
): Promise<{ token: string }> {
  const { workspaceId } = actor;
  const [found] = await db.query<{ removed: boolean }[]>`
    WITH owner AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
    ), removed AS (
      DELETE FROM devices USING owner
      WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.token = ${input.token}
        AND devices.user_id = owner.id
      RETURNING devices.user_id
    ), audited AS (${record(actor, 'removeDevice', { from: Prisma.sql`removed`, userId: Prisma.sql`user_id` })})
    SELECT EXISTS (SELECT 1 FROM removed) AS removed FROM owner`;
  if (canReadUsers(actor)) {
    if (!found) throw new NotFoundError('User');
    if (!found.removed) throw new NotFoundError('Device');
  }
  return { token: input.token };
}
