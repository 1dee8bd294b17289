/** Pseudorandom choices, which are the same for the same seed. */
export interface Choices {
  /** An integer from 0 up to, but not including, a limit. */
  below(limit: number): number;
  /** Whether an event of this chance, in percent, occurs. */
  percent(chance: number): boolean;
  of<Value>(values: readonly Value[]): Value;
}

/** The generator is Mulberry32, which is small and fast. */
export function choicesOf(seed: number): Choices {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
  };
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
