import { DEVICES_KEPT } from '../../domain/devices/device.ts';
import { period } from './period.ts';
import type { Random } from './random.ts';
import type { DeviceRow, UserRow } from './rows.ts';

/** How many devices users have: most have one, few as many as are kept. */
const counts = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, DEVICES_KEPT] as const;

const hexadecimal = '0123456789abcdef';
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Makes the devices of a user, with tokens shaped as Firebase and Apple make them. */
export function makeDevices(random: Random, user: UserRow): DeviceRow[] {
  const favourite = random.chance(0.6) ? 'android' : 'ios';
  const other = favourite === 'android' ? 'ios' : 'android';
  return Array.from({ length: random.pick(counts) }, () => {
    const platform = random.chance(0.8) ? favourite : other;
    const token =
      platform === 'ios'
        ? random.text(hexadecimal, 64)
        : `${random.text(base64url, 22)}:APA91b${random.text(base64url, 134)}`;
    return { userId: user.id, token, platform, lastSeenAt: random.instant(user.createdAt, period.last) };
  });
}
