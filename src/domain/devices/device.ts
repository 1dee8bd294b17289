import { columnsOf, readRows, type FieldSet } from '../../db/reading/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Instant } from '../shared/instant.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { ReadDb } from '../../db/client.ts';

/** The platforms that devices run on. */
export type DevicePlatform = 'android' | 'ios';

/** A phone or tablet on which a user takes push messages. */
export interface Device {
  /** The push service's registration token. */
  token: string;
  platform: DevicePlatform;
  /** When it was registered last. */
  lastSeenAt: Instant;
}

/** A user has at most so many devices; the contract and the seed ("the user's last 5 device tokens"). */
export const MAX_DEVICES = 5;

/** The columns of a `Device`. */
export const deviceColumns = columnsOf<Device>({
  token: Prisma.sql`devices.token`,
  platform: Prisma.sql`devices.platform`,
  lastSeenAt: { instant: Prisma.sql`devices.last_seen_at` },
});

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
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
  wanted?: FieldSet,
): Promise<Map<string, Device[]>> {
  const devices = await readRows(db, ownedDeviceColumns, {
    keys: userIds.length,
    fields: wanted,
    statement: Prisma.sql`
    SELECT ${ownedDeviceColumns.list} FROM devices
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${arrayParameter(userIds, 'uuid')})
    ORDER BY devices.user_id, devices.last_seen_at DESC, devices.token`,
  });
  return Map.groupBy(devices, (device) => device.userId);
}
