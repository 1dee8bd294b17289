import { anyLength } from '../../db/array.ts';
import type { Db } from '../../db/client.ts';
import { columnsOf, readRows, type Wanted } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import { type Device, deviceColumns } from './device.ts';

/** A device, and whose it is. */
type OwnedDevice = Device & { userId: string };

const ownedDeviceColumns = columnsOf<OwnedDevice>(
  {
    ...deviceColumns.expressions,
    userId: Prisma.sql`devices.user_id`,
  },
  ['userId'],
);

/** The devices of some users, by the user's id, each newest first. */
export async function readDevices(
  db: Db,
  workspaceId: string,
  userIds: readonly string[],
  wanted?: Wanted,
): Promise<Map<string, Device[]>> {
  const devices = await readRows(db, ownedDeviceColumns, {
    keys: userIds.length,
    wanted,
    statement: Prisma.sql`
    SELECT ${ownedDeviceColumns.list} FROM devices
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${anyLength(userIds, 'uuid')})
    ORDER BY devices.user_id, devices.last_seen_at DESC, devices.token`,
  });
  return Map.groupBy(devices, (device) => device.userId);
}
