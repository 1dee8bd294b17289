import { seededRandom } from './random.ts';

/** Pseudorandom choices, which are the same for the same seed. */
export interface Choices {
  /** An integer from 0 up to, but not including, a limit. */
  below(limit: number): number;
  /** Whether an event of this chance, in percent, occurs. */
  percent(chance: number): boolean;
  of<Value>(values: readonly Value[]): Value;
}

export function choicesOf(seed: number): Choices {
  const next = seededRandom(seed);
  const below = (limit: number) => Math.floor(next() * limit);
  return {
    below,
    percent: (chance) => below(100) < chance,
    of(values) {
      const value = values[below(values.length)];
      if (value === undefined && values.length === 0) throw new Error('Cannot choose from an empty list.');
      // The chosen value can be undefined.
      return value as (typeof values)[number];
    },
  };
}
