import type { Attributes, AttributeValue } from '../../domain/shared/attributes.ts';
import { period, type Random } from './random.ts';
import type { EventRow, UserRow } from './rows.ts';

interface EventContent {
  value?: AttributeValue;
  properties?: Attributes;
}

/** A kind of event with a generator of its value and properties. */
interface EventKind {
  name: string;
  /** Relative frequency. */
  weight: number;
  /** Name of an event that must precede it. */
  requires?: string;
  generate(random: Random): EventContent;
}

/** Products of the demo shop, priced in US dollars. */
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

/** Events that can follow the sign-up. */
const eventKinds: readonly [EventKind, ...EventKind[]] = [
  {
    name: 'Opened app',
    weight: 20,
    generate: (random) => ({ properties: { version: `4.${random.integer(0, 18)}.${random.integer(0, 5)}` } }),
  },
  {
    name: 'Viewed product',
    weight: 22,
    generate: (random) => ({ properties: { ...random.pick(products), currency } }),
  },
  {
    name: 'Searched',
    weight: 12,
    generate: (random) => ({
      value: random.pick(['lamp', 'backpack', 'gift', 'mug', 'wool throw', 'notebook a5']),
      properties: { results: random.integer(0, 48) },
    }),
  },
  {
    name: 'Add to cart',
    weight: 14,
    requires: 'Viewed product',
    generate: (random) => {
      const { product, amount } = random.pick(products);
      return { properties: { product, currency, amount, quantity: random.integer(1, 3) } };
    },
  },
  {
    name: 'Removed from cart',
    weight: 4,
    requires: 'Add to cart',
    generate: (random) => ({ properties: { product: random.pick(products).product } }),
  },
  {
    name: 'Paid',
    weight: 9,
    requires: 'Add to cart',
    generate: (random) => {
      const items = random.integer(1, 4);
      const value = round(random.pick(products).amount * items);
      const method = random.pick(['card', 'transfer', 'mobile money']);
      return { value, properties: { order: `O${random.integer(10_000, 99_999)}`, currency, items, method } };
    },
  },
  {
    name: 'Refunded',
    weight: 1,
    requires: 'Paid',
    generate: (random) => ({
      value: random.pick(products).amount,
      properties: { currency, reason: random.pick(['damaged', 'late', 'changed my mind']) },
    }),
  },
  {
    name: 'Rated order',
    weight: 4,
    requires: 'Paid',
    generate: (random) => ({ value: random.integer(1, 5), properties: { comment: random.chance(0.4) } }),
  },
  {
    name: 'Invited a friend',
    weight: 3,
    generate: (random) => ({ properties: { channel: random.pick(['email', 'link', 'whatsapp']) } }),
  },
  {
    name: 'Changed plan',
    weight: 3,
    generate: (random) => ({
      value: random.pick(['starter', 'pro', 'business']),
      properties: { annual: random.chance(0.4) },
    }),
  },
  {
    name: 'Contacted support',
    weight: 3,
    generate: (random) => ({
      properties: { topic: random.pick(['delivery', 'billing', 'account']), minutes: random.integer(2, 45) },
    }),
  },
  {
    name: 'Allowed notifications',
    weight: 4,
    generate: (random) => ({ value: random.chance(0.7) }),
  },
  { name: 'Signed out', weight: 4, generate: () => ({}) },
];

/** The first event of each user. */
const signedUp: EventKind = {
  name: 'Signed up',
  weight: 0,
  generate: (random) => ({ properties: { method: random.pick(['email', 'google', 'apple']) } }),
};

/** Maximum number of events per user, including the sign-up. */
const MAX_EVENTS = 40;

/** Every kind, repeated by its weight. */
const weightedKinds: readonly EventKind[] = eventKinds.flatMap((kind) =>
  Array.from({ length: kind.weight }, () => kind),
);

/** Generates the events of a user in chronological order, starting with the sign-up. Some users have no events. */
export function generateEvents(random: Random, user: UserRow): EventRow[] {
  if (user.uidUpdateable && random.chance(0.5)) return [];
  const later = random.chance(0.1) ? 0 : Math.floor(random.fraction() ** 1.5 * MAX_EVENTS);
  const times = Array.from({ length: later }, () => random.instant(user.createdAt, period.last));
  times.sort((one, other) => one.getTime() - other.getTime());
  const pastKinds = new Set<string>();
  return [
    generateEvent(random, user, signedUp, user.createdAt),
    ...times.map((time) => {
      const kind = pickKind(random, pastKinds);
      pastKinds.add(kind.name);
      return generateEvent(random, user, kind, time);
    }),
  ];
}

/** Picks the next event. A kind whose required event is missing is replaced: no refund without a payment. */
function pickKind(random: Random, pastKinds: ReadonlySet<string>): EventKind {
  const kind = weightedKinds[random.integer(0, weightedKinds.length - 1)] ?? eventKinds[0];
  return kind.requires === undefined || pastKinds.has(kind.requires) ? kind : eventKinds[0];
}

function generateEvent(random: Random, user: UserRow, kind: EventKind, timestamp: Date): EventRow {
  const { value = null, properties = {} } = kind.generate(random);
  return { id: random.id(timestamp), userId: user.id, name: kind.name, value, properties, timestamp };
}
