import type { Attributes, AttributeValue } from '../../domain/shared/attributes.ts';
import { period, type Random } from './random.ts';
import type { EventRow, UserRow } from './rows.ts';

/** What an event of a kind says. */
export interface EventContent {
  value?: AttributeValue;
  properties?: Attributes;
}

/** A kind of event. */
export interface EventKind {
  name: string;
  /** How often it happens, beside the others. */
  weight: number;
  /** What the user must have done before. */
  after?: string;
  make(random: Random): EventContent;
}

/** What the demo shop sells, in US dollars. */
const products = [
  { product: 'T123', title: 'Canvas tote', amount: 12.99 },
  { product: 'M045', title: 'Enamel mug', amount: 9.5 },
  { product: 'L210', title: 'Desk lamp', amount: 49.99 },
  { product: 'N031', title: 'Dotted notebook', amount: 7.25 },
  { product: 'B600', title: 'Travel backpack', amount: 119 },
  { product: 'C017', title: 'Wool throw', amount: 64.9 },
] as const;

const currency = 'USD';
const round = (amount: number) => Math.round(amount * 100) / 100;

/** What users do after they have signed up. */
export const eventKinds: readonly [EventKind, ...EventKind[]] = [
  {
    name: 'Opened app',
    weight: 20,
    make: (random) => ({ properties: { version: `4.${random.integer(0, 18)}.${random.integer(0, 5)}` } }),
  },
  {
    name: 'Viewed product',
    weight: 22,
    make: (random) => ({ properties: { ...random.pick(products), currency } }),
  },
  {
    name: 'Searched',
    weight: 12,
    make: (random) => ({
      value: random.pick(['lamp', 'backpack', 'gift', 'mug', 'wool throw', 'notebook a5']),
      properties: { results: random.integer(0, 48) },
    }),
  },
  {
    name: 'Add to cart',
    weight: 14,
    after: 'Viewed product',
    make: (random) => {
      const { product, amount } = random.pick(products);
      return { properties: { product, currency, amount, quantity: random.integer(1, 3) } };
    },
  },
  {
    name: 'Removed from cart',
    weight: 4,
    after: 'Add to cart',
    make: (random) => ({ properties: { product: random.pick(products).product } }),
  },
  {
    name: 'Paid',
    weight: 9,
    after: 'Add to cart',
    make: (random) => {
      const items = random.integer(1, 4);
      const value = round(random.pick(products).amount * items);
      const method = random.pick(['card', 'transfer', 'mobile money']);
      return { value, properties: { order: `O${random.integer(10_000, 99_999)}`, currency, items, method } };
    },
  },
  {
    name: 'Refunded',
    weight: 1,
    after: 'Paid',
    make: (random) => ({
      value: random.pick(products).amount,
      properties: { currency, reason: random.pick(['damaged', 'late', 'changed my mind']) },
    }),
  },
  {
    name: 'Rated order',
    weight: 4,
    after: 'Paid',
    make: (random) => ({ value: random.integer(1, 5), properties: { comment: random.chance(0.4) } }),
  },
  {
    name: 'Invited a friend',
    weight: 3,
    make: (random) => ({ properties: { channel: random.pick(['email', 'link', 'whatsapp']) } }),
  },
  {
    name: 'Changed plan',
    weight: 3,
    make: (random) => ({
      value: random.pick(['starter', 'pro', 'business']),
      properties: { annual: random.chance(0.4) },
    }),
  },
  {
    name: 'Contacted support',
    weight: 3,
    make: (random) => ({
      properties: { topic: random.pick(['delivery', 'billing', 'account']), minutes: random.integer(2, 45) },
    }),
  },
  {
    name: 'Allowed notifications',
    weight: 4,
    make: (random) => ({ value: random.chance(0.7) }),
  },
  { name: 'Signed out', weight: 4, make: () => ({}) },
];

/** The first thing that a user does. */
export const signedUp: EventKind = {
  name: 'Signed up',
  weight: 0,
  make: (random) => ({ properties: { method: random.pick(['email', 'google', 'apple']) } }),
};

/** Events of a user, at the most; the sign-up is one of them. */
const MOST_EVENTS = 40;

/** Each kind as often as it weighs. */
const lottery: readonly EventKind[] = eventKinds.flatMap((kind) => Array.from({ length: kind.weight }, () => kind));

/** Makes the events of a user in order of time: the sign-up, then what came of it, which for some is nothing. */
export function makeEvents(random: Random, user: UserRow): EventRow[] {
  if (user.uidUpdateable && random.chance(0.5)) return [];
  const later = random.chance(0.1) ? 0 : Math.floor(random.fraction() ** 1.5 * MOST_EVENTS);
  const times = Array.from({ length: later }, () => random.instant(user.createdAt, period.last));
  times.sort((one, other) => one.getTime() - other.getTime());
  const done = new Set<string>();
  return [
    makeEvent(random, user, signedUp, user.createdAt),
    ...times.map((time) => {
      const kind = drawKind(random, done);
      done.add(kind.name);
      return makeEvent(random, user, kind, time);
    }),
  ];
}

/** Draws what somebody does next who has done some things: nobody is refunded what they have not paid. */
function drawKind(random: Random, done: ReadonlySet<string>): EventKind {
  const drawn = lottery[random.integer(0, lottery.length - 1)] ?? eventKinds[0];
  return drawn.after === undefined || done.has(drawn.after) ? drawn : eventKinds[0];
}

function makeEvent(random: Random, user: UserRow, kind: EventKind, timestamp: Date): EventRow {
  const { value = null, properties = {} } = kind.make(random);
  return { id: random.id(timestamp), userId: user.id, name: kind.name, value, properties, timestamp };
}
