import { columnsOf } from '../../db/columns.ts';
import { Prisma } from '../../db/generated/client.ts';
import type { Instant } from '../instant.ts';

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
export const DEVICES_KEPT = 5;

/** The columns of a `Device`. */
export const deviceColumns = columnsOf<Device>({
  token: Prisma.sql`devices.token`,
  platform: Prisma.sql`devices.platform`,
  lastSeenAt: { instant: Prisma.sql`devices.last_seen_at` },
});
