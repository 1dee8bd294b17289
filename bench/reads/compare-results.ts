import { isDeepStrictEqual } from 'node:util';

/** The result of an operation in one variant. */
export interface Result {
  variant: string;
  value: unknown;
}

/**
 * Checks that all variants return equal results, except for the ignored properties.
 * @throws {Error} with the first two results that differ.
 */
export function compareResults(operation: string, results: readonly Result[], ignored: readonly string[]): void {
  const [first, ...others] = results.map(({ variant, value }) => ({ variant, value: normalize(value, ignored) }));
  for (const { variant, value } of others) {
    if (isDeepStrictEqual(value, first?.value)) continue;
    const [expected, actual] = [first?.value, value].map((result) => JSON.stringify(result).slice(0, 1000));
    throw new Error(
      `${operation}: results of ${first?.variant} (-) and ${variant} (+) differ:\n- ${expected}\n+ ${actual}`,
    );
  }
}

/** Converts a value to JSON types and removes the ignored properties. */
function normalize(value: unknown, ignored: readonly string[]): unknown {
  const replacer = (key: string, property: unknown) => {
    if (ignored.includes(key)) return undefined;
    return property instanceof Map ? [...property] : property;
  };
  return JSON.parse(JSON.stringify(value, replacer));
}
