import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { type Device, deviceColumns } from './device.ts';

/** The devices of some users, by the user's id, each newest first. */
export async function readDevices(
  db: Db,
  workspaceId: string,
  userIds: readonly string[],
): Promise<Map<string, Device[]>> {
  const devices = await db.query<(Device & { userId: string })[]>`
    SELECT ${deviceColumns}, devices.user_id AS "userId" FROM devices
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${anyLength(userIds, 'uuid')})
    ORDER BY devices.user_id, devices.last_seen_at DESC, devices.token`;
  return Map.groupBy(devices, (device) => device.userId);
}
