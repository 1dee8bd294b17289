import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { record } from '../changes/record.ts';
import { type Actor, canReadUsers } from '../shared/actor.ts';
import { NotFoundError } from '../shared/errors.ts';
import { MAX_DEVICES } from '../shared/limits.ts';
import type { NewDevice } from '../users/inputs.ts';

/** The assignments of a device that is registered again, by the same user or another one. */
export const movedDevice = Prisma.sql`
  former_user_id = CASE WHEN devices.user_id <> excluded.user_id THEN devices.user_id END,
  user_id = excluded.user_id, platform = excluded.platform, last_seen_at = excluded.last_seen_at`;

/**
 * Registers a device as the newest of a user, and deletes the oldest ones beyond `MAX_DEVICES`. A token of another user
 * moves to this user, which is recorded for both. An earlier statement of the transaction must have locked or inserted the user: otherwise the statement
 * does not see the devices of concurrent registrations, and counts too few.
 */
export async function registerDevice(tx: WriteDb, actor: Actor, userId: string, device: NewDevice): Promise<void> {
  const { workspaceId } = actor;
  // The DELETE names the user twice: a device that a concurrent transaction moves away is checked again, and stays.
  await tx.execute`/* registerDevice */
    WITH registered AS (
      INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
      VALUES (
        ${workspaceId}::uuid, ${device.token}, ${userId}::uuid, ${device.platform}::device_platform, clock_timestamp()
      )
      ON CONFLICT (workspace_id, token) DO UPDATE SET ${movedDevice}
      RETURNING user_id, former_user_id
    ), moved AS (${record(actor, 'removeDevice', {
      from: Prisma.sql`registered WHERE former_user_id IS NOT NULL`,
      userId: Prisma.sql`former_user_id`,
    })}), dropped AS (
      DELETE FROM devices
      WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND token IN (
        SELECT token FROM devices
        WHERE workspace_id = ${workspaceId}::uuid AND user_id = ${userId}::uuid AND token <> ${device.token}
        ORDER BY last_seen_at DESC, token OFFSET ${MAX_DEVICES - 1}
      )
    )
    ${record(actor, 'registerDevice', { from: Prisma.sql`registered`, userId: Prisma.sql`user_id` })}`;
}

/** A device that was removed, or that does not exist. */
export interface RemovedDevice {
  token: string;
  /** The user of the input; undefined if the workspace has no such user. */
  userId: string | undefined;
}

/**
 * Removes a device from a user, as at sign-out. An actor who may not read users gets the same response if there is nothing to
 * remove; no audit entry is written then.
 * @throws {NotFoundError} to an actor who may read users, if the workspace has no such user, or the user no such device.
 */
export async function removeDevice(
  db: Database,
  actor: Actor,
  input: { uid: string; token: string },
): Promise<RemovedDevice> {
  const { workspaceId } = actor;
  const [owner] = await db.query<{ id: string; isRemoved: boolean }[]>`/* removeDevice */
    WITH owner AS (
      SELECT id FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${input.uid}
    ), removed AS (
      DELETE FROM devices USING owner
      WHERE devices.workspace_id = ${workspaceId}::uuid AND devices.token = ${input.token}
        AND devices.user_id = owner.id
      RETURNING devices.user_id
    ), audited AS (${record(actor, 'removeDevice', { from: Prisma.sql`removed`, userId: Prisma.sql`user_id` })})
    SELECT id, EXISTS (SELECT 1 FROM removed) AS "isRemoved" FROM owner`;
  if (canReadUsers(actor)) {
    if (!owner) throw new NotFoundError('User');
    if (!owner.isRemoved) throw new NotFoundError('Device');
  }
  return { token: input.token, userId: owner?.id };
}
