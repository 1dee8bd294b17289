import { isDeepStrictEqual } from 'node:util';

/** How one way has done an operation. */
export interface Result {
  way: string;
  value: unknown;
}

/** Checks that all results are equal but for some properties. @throws with two that are not. */
export function agreeOn(operation: string, results: readonly Result[], differing: readonly string[]): void {
  const [first, ...others] = results.map(({ way, value }) => ({ way, value: comparable(value, differing) }));
  for (const { way, value } of others) {
    if (isDeepStrictEqual(value, first?.value)) continue;
    const [theirs, ours] = [first?.value, value].map((shown) => JSON.stringify(shown).slice(0, 1000));
    throw new Error(`${first?.way} and ${way} do ${operation} differently:\n${theirs}\n${ours}`);
  }
}

/** A value as JSON can tell it, without some properties. */
function comparable(value: unknown, differing: readonly string[]): unknown {
  const shown = (key: string, held: unknown) => {
    if (differing.includes(key)) return undefined;
    return held instanceof Map ? [...held] : held;
  };
  return JSON.parse(JSON.stringify(value, shown));
}
