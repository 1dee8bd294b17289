import { isJsonObject } from './attributes.ts';

/**
 * A value as JSON text that is the same whatever the order of the keys of its objects, and without those that are null or undefined. A
 * `Date` becomes an ISO 8601 text.
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
