import type { WriteDb, Database } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { record } from '../changes/record.ts';
import type { NewDevice } from '../users/inputs.ts';
import { MAX_DEVICES } from './device.ts';
import { NotFoundError } from '../shared/errors.ts';

/**
 * Puts a device in front of a user's devices and drops those past the fifth. A token that another user
 * had moves over. The transaction must have locked or inserted the user: that keeps the count right.
 */
export async function registerDevice(tx: WriteDb, actor: Actor, userId: string, device: NewDevice): Promise<void> {
  const { workspaceId } = actor;
  await tx.execute`
    WITH registered AS (
      INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
      VALUES (
        ${workspaceId}::uuid, ${device.token}, ${userId}::uuid, ${device.platform}::device_platform, clock_timestamp()
      )
      ON CONFLICT (workspace_id, token) DO UPDATE
      SET user_id = excluded.user_id, platform = excluded.platform, last_seen_at = excluded.last_seen_at
      RETURNING user_id
    )
    ${record(actor, 'registerDevice', { from: Prisma.sql`registered`, userId: Prisma.sql`user_id` })}`;
  // Names the user twice: a device that another one takes meanwhile is checked again, and is theirs.
  await tx.execute`
    DELETE FROM devices
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND token IN (
      SELECT token FROM devices
      WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid
      ORDER BY last_seen_at DESC, token OFFSET ${MAX_DEVICES}
    )`;
}

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
