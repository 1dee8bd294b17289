import { v7 as uuidv7 } from 'uuid';

/** Draws that are the same each time for the same seed. */
export interface Random {
  /** A fraction of 0 to 1, 1 excluded. */
  fraction(): number;
  /** A whole number; both ends included. */
  integer(least: number, most: number): number;
  /** True so often: 0 is never, 1 always. */
  chance(probability: number): boolean;
  pick<const Items extends readonly [unknown, ...unknown[]]>(items: Items): Items[number];
  /** So many characters of an alphabet. */
  text(alphabet: string, length: number): string;
  /** An instant; the last is excluded. */
  instant(first: Date, last: Date): Date;
  /** A UUIDv7 of an instant. */
  id(instant: Date): string;
}

/** Opens a sequence of draws: mulberry32, of which 32 bits of state are plenty here. */
export function seededRandom(seed: number): Random {
  let state = seed;
  function fraction(): number {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }
  const integer = (least: number, most: number) => least + Math.floor(fraction() * (most - least + 1));
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
 * The two years in which the demo workspace's users sign up and act. Fixed, so that a fresh start makes the same data
 * on any day; past, so that a user created now is newer than all of them.
 */
export const period = { first: new Date('2024-11-01T00:00:00Z'), last: new Date('2026-11-01T00:00:00Z') } as const;

/** Milliseconds of a day. */
export const DAY_MS = 86_400_000;

/** So many days after an instant. */
export function daysAfter(instant: Date, days: number): Date {
  return new Date(instant.getTime() + days * DAY_MS);
}
