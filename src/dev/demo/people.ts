import type { Attributes } from '../../domain/shared/attributes.ts';
import { countries } from './countries.ts';
import { period, type Random } from './random.ts';
import type { UserRow, EventRow, DeviceRow } from './rows.ts';
import { MAX_DEVICES } from '../../domain/shared/limits.ts';

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

/** Makes users in order of sign-up, more of them towards the end, as a product that grows has them. */
export function makeUsers(random: Random, count: number): UserRow[] {
  const span = period.last.getTime() - period.first.getTime();
  const signUps = Array.from({ length: count }, () => Math.floor(span * random.fraction() ** 0.7));
  const emails = new Set<string>();
  return signUps
    .sort((one, other) => one - other)
    .map((offset, index) => makeUser(random, new Date(period.first.getTime() + offset), `u${1001 + index}`, emails));
}

function makeUser(random: Random, createdAt: Date, uid: string, emails: Set<string>): UserRow {
  const country = random.pick(countries);
  const company = random.pick(companies);
  const firstName = random.pick(country.firstNames);
  const lastName = random.pick(country.lastNames);
  const email = newAddress(`${firstName}.${lastName}`, random.chance(0.7) ? company : 'Mail', emails);
  const user = {
    id: random.id(createdAt),
    createdAt,
    updatedAt: random.chance(0.6) ? random.instant(createdAt, period.last) : createdAt,
  };
  // Known to the mobile app only: it has not asked them who they are.
  if (random.chance(0.04)) {
    const meta = { plan: 'free', country: country.code };
    return { ...user, uid, uidUpdateable: false, firstName: null, lastName: null, number: null, email: null, meta };
  }
  const imported = random.chance(0.04);
  return {
    ...user,
    uid: imported ? email : uid,
    uidUpdateable: imported,
    firstName,
    lastName,
    number: random.chance(0.8) ? country.number.replaceAll('#', () => random.text('0123456789', 1)) : null,
    email,
    meta: {
      ...makeMeta(random),
      country: country.code,
      city: random.pick(country.cities),
      company,
      ...(imported && { source: 'import' }),
    },
  };
}

function makeMeta(random: Random): Attributes {
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

/** An address that nobody has yet, under a top-level domain that is kept for examples (RFC 2606). */
function newAddress(name: string, company: string, taken: Set<string>): string {
  for (let number = 1; ; number += 1) {
    const address = `${asciiOf(name)}${number === 1 ? '' : number}@${asciiOf(company)}.example`;
    if (taken.has(address)) continue;
    taken.add(address);
    return address;
  }
}

const letters: Readonly<Record<string, string>> = { ł: 'l', ø: 'o', ß: 'ss', ı: 'i' };

/** The name as people write it in an address: without accents, spaces and apostrophes. */
function asciiOf(name: string): string {
  const plain = name.normalize('NFD').toLowerCase();
  return plain.replaceAll(/[łøßı]/g, (letter) => letters[letter] ?? '').replaceAll(/[^a-z0-9.-]/g, '');
}

const createdAt = new Date('2021-01-12T05:24:39.062Z');

/** The user of the seed document ("The User object"): made by an integration, so that the uid may still be set. */
export function exampleUser(random: Random): UserRow {
  return {
    id: random.id(createdAt),
    uid: 'a.jinadu@somecorp.email',
    uidUpdateable: true,
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: null,
    email: 'a.jinadu@somecorp.email',
    meta: { plan: 'pro', age: 34 },
    createdAt,
    updatedAt: createdAt,
  };
}

/** The two events of the seed document ("Add User events"). The second has no timestamp there: it is when it came in. */
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

/** How many devices users have: most have one, few as many as are kept. */
const counts = [0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 3, MAX_DEVICES] as const;

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
