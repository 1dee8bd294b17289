import type { ReadDb } from '../../db/client.ts';
import { Prisma, DevicePlatform as StoredPlatform } from '../../db/generated/client.ts';
import { columnsOf, type FieldSet, readRows } from '../../db/reading/columns.ts';
import type { RelatedRead } from '../../db/reading/related.ts';
import { arrayParameter } from '../../db/sql.ts';
import type { Instant } from '../shared/instant.ts';

/** The platforms of devices: the values of the enum in the database (prisma/schema.prisma). */
export const devicePlatforms = Object.values(StoredPlatform);

/** The platform of a device. */
export type DevicePlatform = StoredPlatform;

/** A phone or tablet on which a user receives push messages. */
export interface Device {
  /** The registration token of the push service. */
  readonly token: string;
  readonly platform: DevicePlatform;
  /** When the token was last registered. */
  readonly lastSeenAt: Instant;
}

/** The columns of a `Device`. */
export const deviceColumns = columnsOf<Device>({
  token: Prisma.sql`devices.token`,
  platform: Prisma.sql`devices.platform`,
  lastSeenAt: { instant: Prisma.sql`devices.last_seen_at` },
});

/** A device with the id of its user. */
type OwnedDevice = Device & { readonly userId: string };

const ownedDeviceColumns = columnsOf<OwnedDevice>(
  {
    ...deviceColumns.expressions,
    userId: Prisma.sql`devices.user_id`,
  },
  ['userId'],
);

/** SELECT of the devices of several users, newest first. @param userIds SQL array. */
const devicesOf = (workspaceId: string, userIds: Prisma.Sql) => Prisma.sql`
    SELECT ${ownedDeviceColumns.list} FROM devices
    WHERE workspace_id = ${workspaceId}::uuid AND user_id = ANY(${userIds})
    ORDER BY devices.user_id, devices.last_seen_at DESC, devices.token`;

/** Reads the devices of several users, newest first, by the id of the user. @param fields all, if omitted. */
export async function readDevices(
  db: ReadDb,
  workspaceId: string,
  userIds: readonly string[],
  fields?: FieldSet,
): Promise<Map<string, readonly Device[]>> {
  const devices = await readRows(db, ownedDeviceColumns, {
    keys: userIds.length,
    fields,
    statement: Prisma.sql`/* readDevices */ ${devicesOf(workspaceId, arrayParameter(userIds, 'uuid'))}`,
  });
  return Map.groupBy(devices, (device) => device.userId);
}

/** The devices of users, newest first, for the statement of the users. */
export function devicesRead(workspaceId: string, fields: FieldSet): RelatedRead<readonly Device[]> {
  return {
    text: `devices ${workspaceId} ${[...fields].join()}`,
    select: (userIds, prefix) =>
      Prisma.sql`SELECT ${ownedDeviceColumns.arrays(fields, prefix)} FROM (${devicesOf(workspaceId, userIds)}) AS found`,
    values: (arrays, prefix, userIds) => {
      const devices = Map.groupBy(ownedDeviceColumns.rows(arrays, prefix), (device) => device.userId);
      return new Map(userIds.map((id) => [id, devices.get(id) ?? []]));
    },
  };
}
