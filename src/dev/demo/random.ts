import { v7 as uuidv7 } from 'uuid';

/** A pseudorandom number generator that is reproducible for a seed. */
export interface Random {
  /** A fraction from 0 (inclusive) to 1 (exclusive). */
  fraction(): number;
  /** An integer from `min` to `max`, both inclusive. */
  integer(min: number, max: number): number;
  /** True with the given probability. */
  chance(probability: number): boolean;
  pick<const Items extends readonly [unknown, ...unknown[]]>(items: Items): Items[number];
  /** A string of random characters of the alphabet. */
  text(alphabet: string, length: number): string;
  /** An instant from `first` (inclusive) to `last` (exclusive). */
  instant(first: Date, last: Date): Date;
  /** A UUIDv7 with the timestamp of the instant. */
  id(instant: Date): string;
}

/** Creates a generator: mulberry32, whose 32 bits of state are enough for demo data. */
export function seededRandom(seed: number): Random {
  let state = seed;
  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const integer = (min: number, max: number) => min + Math.floor(fraction() * (max - min + 1));
  return {
    fraction,
    integer,
    chance: (probability) => fraction() < probability,
    pick: (items) => items[integer(0, items.length - 1)] ?? items[0],
    text: (alphabet, length) => Array.from({ length }, () => alphabet.charAt(integer(0, alphabet.length - 1))).join(''),
    instant: (first, last) => new Date(integer(first.getTime(), last.getTime() - 1)),
    id: (instant) => {
      const random = Uint8Array.from({ length: 16 }, () => integer(0, 255));
      return uuidv7({ msecs: instant.getTime(), random });
    },
  };
}

/**
 * The two years in which demo users sign up and act. Fixed, so that the demo data is the same on any day; in the past, so
 * that users created now are newer.
 */
export const period = { first: new Date('2024-11-01T00:00:00Z'), last: new Date('2026-11-01T00:00:00Z') } as const;

const DAY_MS = 86_400_000;

/** Adds days to an instant. */
export function daysAfter(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * DAY_MS);
}
