import type { AttributeFilter } from '../../src/domain/filter/input.ts';
import type { UserFilter } from '../../src/domain/users/filter/input.ts';
import { eventNames } from '../filters/fill.ts';

/** The attribute that only the benchmark writes, and its values. A write that changes it makes its user change segments. */
export const TIER = 'tier';
export const tiers: readonly string[] = ['bronze', 'silver', 'gold', 'platinum'];

/** Events that only the benchmark adds. The first of a user makes it enter a segment. */
export const trackedEvents = ['Tracked 1', 'Tracked 2', 'Tracked 3'] as const;

/** Tests of an attribute of the fill, or of `TIER`: four segments for each key. */
const tests: Readonly<Record<string, readonly Omit<AttributeFilter, 'key'>[]>> = {
  [TIER]: tiers.map((tier) => ({ string: { eq: tier } })),
  plan: ['free', 'Pro', 'team', 'business'].map((plan) => ({ string: { eq: plan } })),
  age: [
    { number: { lt: 25 } },
    { number: { gte: 25, lt: 40 } },
    { number: { gte: 40, lt: 60 } },
    { number: { gte: 60 } },
  ],
  city: ['Lagos 1', 'Lyon 0', 'Lima', 'Leeds'].map((city) => ({ string: { startsWith: city } })),
  company: ['Company 1', 'Company 2', 'Company 30', 'Company 4'].map((company) => ({
    string: { startsWith: company },
  })),
  source: ['organic', 'referral', 'ads', 'partner'].map((source) => ({ string: { eq: source } })),
  newsletter: [{ boolean: { eq: true } }, { boolean: { eq: false } }, { boolean: { eq: true } }, { exists: false }],
  score: [
    { number: { lt: 50 } },
    { number: { gte: 9_000 } },
    { number: { gte: 5_000, lt: 5_500 } },
    { number: { gte: 9_900 } },
  ],
  visits: [{ number: { eq: 0 } }, { number: { lt: 5 } }, { number: { gte: 30, lt: 40 } }, { number: { gte: 55 } }],
  reference: ['R-0', 'R-a1', 'R-ff', 'R-123'].map((reference) => ({ string: { startsWith: reference } })),
};

export const attributeKeys = Object.keys(tests);
export const allEvents = [...trackedEvents, ...eventNames];

/** Days of the windows of a segment on the number of events, and how many events it requires. */
const windows = [
  { days: 1, count: 1 },
  { days: 7, count: 1 },
  { days: 30, count: 3 },
  { days: 90, count: 5 },
];

/** A segment of the benchmark. */
export interface BenchSegment {
  name: string;
  where: UserFilter;
}

/** What the benchmark needs to know of a segment in which a write changes the membership. */
export const segmentOfTier = (tier: string) => `${TIER} ${tiers.indexOf(tier) + 1}`;
export const segmentOfEvent = (name: string) => `${name}, 1 day`;

/**
 * The filters of the segments. For 100 of them, a write of an attribute affects six, and so does an event: the number of those on the
 * same key or name.
 * @param ageDays how much older the newest event of the fill is: windows are longer by it, so that they contain as many events as if
 * the fill had ended now.
 */
export function segmentFilters(count: number, ageDays: number): BenchSegment[] {
  const single = Math.round(count * 0.4);
  const attributes = cycle(attributeKeys, tiers.length).map(([key, round]) => ({
    name: `${key} ${round + 1}`,
    where: { meta: [attribute(key, round)] },
  }));
  const events = cycle(allEvents, windows.length).map(([name, round]) => {
    const { days, count: least } = windows[round] ?? { days: 1, count: 1 };
    return {
      name: `${name}, ${days} day${days === 1 ? '' : 's'}`,
      where: { events: [{ name: { eq: name }, count: { gte: least }, within: `P${days + ageDays}D` }] },
    };
  });
  const combined = cycle(allEvents, 2).map(([name, round], place) => {
    const key = attributeKeys[place % attributeKeys.length] ?? TIER;
    const did = { events: [{ name: { eq: name }, within: `P${(round === 0 ? 7 : 30) + ageDays}D` }] };
    return {
      name: `${key} and ${round === 0 ? '' : 'no '}${name}`,
      where: { and: [{ meta: [attribute(key, 1)] }, round === 0 ? did : { not: did }] },
    };
  });
  return [...take(attributes, single), ...take(events, single), ...take(combined, count - 2 * single)];
}

const attribute = (key: string, round: number) => ({ key, ...tests[key]?.[round] });

/** All items once, then all again, with the number of the round. */
const cycle = (items: readonly string[], rounds: number) =>
  Array.from({ length: rounds }, (_, round) => items.map((item) => [item, round] as const)).flat();

/** As many items; the first ones again if there are fewer. */
const take = (items: readonly BenchSegment[], count: number): BenchSegment[] =>
  Array.from({ length: count }, (_, place) => {
    const { name, where } = items[place % items.length] ?? { name: '', where: {} };
    const round = Math.floor(place / items.length);
    return { name: round === 0 ? name : `${name} (${round + 1})`, where };
  });
