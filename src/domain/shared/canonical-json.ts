import { isJsonObject } from './attributes.ts';

/**
 * Serializes a value as JSON with sorted object keys, omitting keys whose value is null or undefined, so that equal
 * values have equal texts. A `Date` becomes an ISO 8601 string.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isJsonObject(part)
      ? Object.fromEntries(
          Object.entries(part)
            .filter(([, each]) => each != null)
            .sort(([one], [other]) => (one < other ? -1 : 1)),
        )
      : part,
  );
}
