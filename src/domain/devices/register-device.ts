import type { Db } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Actor } from '../actor.ts';
import { record } from '../audit/record.ts';
import type { NewDevice } from '../users/inputs.ts';
import { DEVICES_KEPT } from './device.ts';

/**
 * Puts a device in front of a user's devices and drops those past the fifth. A token that another user
 * had moves over. The transaction must have locked or inserted the user: that keeps the count right.
 */
export async function registerDevice(tx: Db, actor: Actor, userId: string, device: NewDevice): Promise<void> {
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
      ORDER BY last_seen_at DESC, token OFFSET ${DEVICES_KEPT}
    )`;
}
