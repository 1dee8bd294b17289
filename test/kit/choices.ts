/** Choices that a number decides, always the same ones. */
export interface Choices {
  /** A whole number from 0 up to, and without, a limit. */
  below(limit: number): number;
  /** Whether something happens that does so many times in a hundred. */
  percent(chance: number): boolean;
  of<Value>(values: readonly Value[]): Value;
}

/** Mulberry32: small, fast, and good enough to choose by. */
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
      if (value === undefined && values.length === 0) throw new Error('There is nothing to choose from.');
      // What is chosen may itself be undefined.
      return value as (typeof values)[number];
    },
  };
}
