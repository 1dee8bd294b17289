import type { Attributes } from '../../domain/shared/attributes.ts';
import { MAX_DEVICES } from '../../domain/shared/limits.ts';
import { countries } from './countries.ts';
import { period, type Random } from './random.ts';
import type { DeviceRow, EventRow, UserRow } from './rows.ts';

const plans = ['free', 'free', 'free', 'starter', 'pro', 'pro', 'business'] as const;

const companies = [
  'Harbour Coffee',
  'Baobab Pay',
  'Kestrel Logistics',
  'Nimbus Dental',
  'Lagoon Labs',
  'Ironwood Furniture',
  'Marigold Foods',
  'Polar Bikes',
  'Tidal Energy',
  'Quill Press',
  'Sable Insurance',
  'Juniper Health',
] as const;

const sources = ['organic', 'referral', 'ads', 'partner'] as const;

/** Generates users in order of sign-up. Sign-ups become more frequent over time, as for a growing product. */
export function generateUsers(random: Random, count: number): UserRow[] {
  const span = period.last.getTime() - period.first.getTime();
  const signUps = Array.from({ length: count }, () => Math.floor(span * random.fraction() ** 0.7));
  const emails = new Set<string>();
  return signUps
    .sort((one, other) => one - other)
    .map((offset, index) =>
      generateUser(random, new Date(period.first.getTime() + offset), `u${1001 + index}`, emails),
    );
}

function generateUser(random: Random, createdAt: Date, uid: string, emails: Set<string>): UserRow {
  const country = random.pick(countries);
  const company = random.pick(companies);
  const firstName = random.pick(country.firstNames);
  const lastName = random.pick(country.lastNames);
  const email = uniqueAddress(`${firstName}.${lastName}`, random.chance(0.7) ? company : 'Mail', emails);
  const id = random.id(createdAt);
  const updatedAt = random.chance(0.6) ? random.instant(createdAt, period.last) : createdAt;
  const user = {
    id,
    createdAt,
    updatedAt,
    ...appOf(createdAt, updatedAt),
    isAccount: false,
    timeZone: country.timeZone,
  };
  // An anonymous user of the mobile app, without a name.
  if (random.chance(0.04)) {
    const meta = { plan: 'free', country: country.code };
    return { ...user, uid, uidUpdateable: false, firstName: null, lastName: null, number: null, email: null, meta };
  }
  const isImported = random.chance(0.04);
  return {
    ...user,
    uid: isImported ? email : uid,
    uidUpdateable: isImported,
    firstName,
    lastName,
    number: random.chance(0.8) ? country.number.replaceAll('#', () => random.text('0123456789', 1)) : null,
    email,
    meta: {
      ...generateMeta(random),
      country: country.code,
      city: random.pick(country.cities),
      company,
      ...(isImported && { source: 'import' }),
    },
  };
}

/** The app of a user who has been active after signing up: a release per month, from 3.0 in January 2024. */
function appOf(createdAt: Date, updatedAt: Date): Pick<UserRow, 'appVersion' | 'appBuild' | 'appLastActiveAt'> {
  if (updatedAt <= createdAt) return { appVersion: null, appBuild: null, appLastActiveAt: null };
  const month = (updatedAt.getUTCFullYear() - 2024) * 12 + updatedAt.getUTCMonth();
  return { appVersion: `3.${month}.0`, appBuild: String(3000 + month), appLastActiveAt: updatedAt };
}

function generateMeta(random: Random): Attributes {
  const plan = random.pick(plans);
  return {
    plan,
    age: random.integer(19, 67),
    newsletter: random.chance(0.6),
    source: random.pick(sources),
    ...(plan === 'business' && { seats: random.integer(3, 80) }),
    ...(plan === 'free' && random.chance(0.3) && { trial_ended: random.chance(0.5) }),
  };
}

/** An unused e-mail address under the top-level domain reserved for examples (RFC 2606). */
function uniqueAddress(name: string, company: string, addresses: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const address = `${toAscii(name)}${number === 1 ? '' : number}@${toAscii(company)}.example`;
    if (addresses.has(address)) continue;
    addresses.add(address);
    return address;
  }
}

const asciiLetters: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', ß: 'ss', ı: 'i' };

/** Converts a name for use in an e-mail address: without accents, spaces and apostrophes. */
function toAscii(name: string): string {
  const plain = name.normalize('NFD').toLowerCase();
  return plain.replaceAll(/[łøßı]/g, (letter) => asciiLetters[letter] ?? '').replaceAll(/[^a-z0-9.-]/g, '');
}

const exampleCreatedAt = new Date('2021-01-12T05:24:39.062Z');

/** The user of the REST reference ("The User object"), created by an integration: its uid can still be set. */
export function exampleUser(random: Random): UserRow {
  return {
    id: random.id(exampleCreatedAt),
    uid: 'a.jinadu@somecorp.email',
    uidUpdateable: true,
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: null,
    email: 'a.jinadu@somecorp.email',
    isAccount: false,
    timeZone: null,
    appVersion: null,
    appBuild: null,
    appLastActiveAt: null,
    meta: { plan: 'pro', age: 34 },
    createdAt: exampleCreatedAt,
    updatedAt: exampleCreatedAt,
  };
}

/**
 * The two events of the REST reference ("Add User events"). There, the second has no timestamp, so this one has its time
 * of arrival.
 */
export function exampleEvents(random: Random, userId: string): EventRow[] {
  const addedAt = new Date('2021-01-12T05:26:02.118Z');
  const paidAt = new Date('2021-01-12T05:31:47.904Z');
  return [
    {
      id: random.id(addedAt),
      userId,
      name: 'Add to cart',
      value: null,
      properties: { product: 'T123', currency: 'USD', amount: 12.99 },
      timestamp: new Date('2020-05-30T09:30:10Z'),
    },
    { id: random.id(paidAt), userId, name: 'Paid', value: 49.99, properties: {}, timestamp: paidAt },
  ];
}

/** Numbers of devices to pick from. */
const deviceCounts = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, MAX_DEVICES] as const;

const hexadecimal = '0123456789abcdef';
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** Generates the devices of a user, with tokens in the formats of Firebase and Apple. */
export function generateDevices(random: Random, user: UserRow): DeviceRow[] {
  const mainPlatform = random.chance(0.6) ? 'android' : 'ios';
  const otherPlatform = mainPlatform === 'android' ? 'ios' : 'android';
  return Array.from({ length: random.pick(deviceCounts) }, () => {
    const platform = random.chance(0.8) ? mainPlatform : otherPlatform;
    const token =
      platform === 'ios'
        ? random.text(hexadecimal, 64)
        : `${random.text(base64url, 22)}:APA91b${random.text(base64url, 134)}`;
    return { userId: user.id, token, platform, lastSeenAt: random.instant(user.createdAt, period.last) };
  });
}
