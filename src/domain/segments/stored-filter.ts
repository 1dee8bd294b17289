import { z } from 'zod';
import { isJsonObject } from '../shared/attributes.ts';
import { canonicalJson } from '../shared/canonical-json.ts';
import { type UserFilter, userFilter } from '../users/filter/input.ts';

/**
 * A filter as it is stored: a `UserFilter` as JSON, in canonical form. Lists and segments are UUIDs, instants are ISO
 * 8601 texts, and parts that are not set are missing. The order of its keys is not significant: PostgreSQL does not
 * keep it.
 */
export type StoredFilter = Readonly<Record<string, unknown>>;

/** The filter as canonical JSON text, for comparison and storage. */
export const canonicalFilter = (filter: UserFilter | StoredFilter): string => canonicalJson(filter);

/** Ids are row UUIDs, which were validated before the filter was stored. */
const storedFilter: z.ZodType = userFilter({ list: z.string(), segment: z.string() });

/** Converts a stored filter back to a `UserFilter`. */
export function parseStoredFilter(stored: StoredFilter): UserFilter {
  // It was validated before it was stored.
  return withDates(storedFilter, stored, (text) => new Date(String(text))) as UserFilter;
}

/** Converts values where a schema has dates. */
export function withDates(schema: z.core.$ZodType, value: unknown, toDate: (value: unknown) => unknown): unknown {
  const convert = (part: z.core.$ZodType, partOfValue: unknown) => withDates(part, partOfValue, toDate);
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return convert(schema.unwrap(), value);
  if (schema instanceof z.ZodDate) return toDate(value);
  if (schema instanceof z.ZodArray && Array.isArray(value)) return value.map((item) => convert(schema.element, item));
  if (!(schema instanceof z.ZodObject) || !isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [name, convert(schema.shape[name] ?? z.never(), part)]),
  );
}

/** How an API represents the parts of a filter. */
export interface FilterForm {
  /** Converts the name of a field; unchanged if omitted. */
  name?(field: string): string;
  list?(id: string): string;
  segment?(id: string): string;
  platform?(platform: string): string;
}

/** A stored filter in the form in which an API accepts it, with its fields in alphabetical order. */
export function presentFilter(stored: StoredFilter, form: FilterForm): Record<string, unknown> {
  const entries = Object.entries(stored).map(
    ([field, value]) => [form.name?.(field) ?? field, presentPart(field, value, form)] as const,
  );
  return Object.fromEntries(entries.sort(([one], [other]) => (one < other ? -1 : 1)));
}

function presentPart(field: string, value: unknown, form: FilterForm): unknown {
  if (Array.isArray(value)) return value.map((item) => presentPart(field, item, form));
  if (isJsonObject(value)) return presentFilter(value, form);
  const convert = { listIds: form.list, segmentIds: form.segment, platform: form.platform }[field];
  return typeof value === 'string' && convert ? convert(value) : value;
}
