import { z } from 'zod';
import type { ValidationIssue } from './errors.ts';
import { UnsafeNumber } from './json-numbers.ts';
import { lengthOf, storable } from './text.ts';

/** What an attribute may hold. */
export type AttributeValue = string | number | boolean;

/** The `meta` of a user and the `properties` of an event: flat. */
export type Attributes = Record<string, AttributeValue>;

/** Contract, "Attributes". Keys are counted in code points, bytes as JSON in UTF-8. */
export const attributeLimits = { keys: 100, keyLength: 64, bytes: 16 * 1024 } as const;

/** Whether a value is a string, a finite number or a boolean. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Whether a value is a JSON object, flat or not. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof UnsafeNumber);
}

const issue = (path: string[], code: string, message: string): ValidationIssue => ({ path, code, message });

/** The number that a value is, as it was received, where it would not be kept as it is. */
export function unsafeNumberIn(value: unknown): string | undefined {
  if (value instanceof UnsafeNumber) return value.source;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : undefined;
}

/** The fault of a number that would not be kept as it is. @param source the number as it was received. */
export function unsafeNumberIssue(source: string, path: string[] = []): ValidationIssue {
  const got = source.length > 100 ? `${source.slice(0, 100)}…` : source;
  const message = `must be an integer from -(2^53 - 1) to 2^53 - 1, or a decimal that a 64-bit float preserves; got ${got}. Send it as a string.`;
  return issue(path, 'UNSAFE_NUMBER', message);
}

const tooMany = () => issue([], 'TOO_MANY', `must have at most ${attributeLimits.keys} keys`);

function sizeFaults(value: unknown): ValidationIssue[] {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  const { bytes: limit } = attributeLimits;
  return bytes > limit ? [issue([], 'TOO_LARGE', `must have at most ${limit} bytes as JSON`)] : [];
}

/** A key as an answer repeats it, however long it came. */
const shown = (key: string) => key.slice(0, 100);

function keyFaults(key: string): ValidationIssue[] {
  if (!storable(key)) return [issue([shown(key)], 'INVALID_KEY', 'must have a well-formed key without U+0000')];
  const length = lengthOf(key);
  if (length >= 1 && length <= attributeLimits.keyLength) return [];
  return [issue([shown(key)], 'INVALID_KEY', `must have a key of 1 to ${attributeLimits.keyLength} characters`)];
}

function valueFaults(value: unknown): ValidationIssue[] {
  const unsafe = unsafeNumberIn(value);
  if (unsafe !== undefined) return [unsafeNumberIssue(unsafe)];
  if (!isAttributeValue(value)) {
    return [issue([], 'INVALID_TYPE', 'must be a string, a finite number or a boolean')];
  }
  if (typeof value !== 'string' || storable(value)) return [];
  return [issue([], 'INVALID_CHARACTER', 'must be well-formed and without U+0000')];
}

/**
 * The limits that attributes exceed as a whole, which a merge of two that were valid may do. It names no key and gives no
 * counts: those of a merge would tell a caller who may not read what others have stored.
 */
export function limitFaults(value: Record<string, unknown>): ValidationIssue[] {
  const entries = Object.entries(value);
  if (entries.length > attributeLimits.keys) return [tooMany()];
  // Only of what is flat: `JSON.stringify` has no stack for values as deep as JSON can be.
  return sizeFaults(Object.fromEntries(entries.filter(([, held]) => isAttributeValue(held))));
}

/** Everything that is wrong with attributes that were received. */
function attributeFaults(value: unknown): ValidationIssue[] {
  if (!isJsonObject(value)) return [issue([], 'INVALID_TYPE', 'must be a flat JSON object')];
  const entries = Object.entries(value);
  const faults = limitFaults(value);
  // Each of a million keys may be at fault.
  if (entries.length > attributeLimits.keys) return faults;
  return [
    ...faults,
    ...entries.flatMap(([key, held]) => [
      ...keyFaults(key),
      ...valueFaults(held).map((fault) => ({ ...fault, path: [shown(key)] })),
    ]),
  ];
}

/** A zod schema out of a function that lists faults. */
function checkedBy<Value>(faultsOf: (value: unknown) => ValidationIssue[]) {
  return z.custom<Value>().superRefine((value, context) => {
    for (const { path, code, message } of faultsOf(value)) {
      context.addIssue({ code: 'custom', path, params: { code }, message });
    }
  });
}

/** Flat attributes within their limits. */
export const attributes = checkedBy<Attributes>(attributeFaults);

/** One value, at most 16 KB as JSON. */
export const attributeValue = checkedBy<AttributeValue>((value) => {
  const faults = valueFaults(value);
  return faults.length > 0 ? faults : sizeFaults(value);
});

/** The keys of attributes to remove. */
export const attributeKeys = z
  .array(
    checkedBy<string>((key) =>
      typeof key === 'string' ? keyFaults(key).map((fault) => ({ ...fault, path: [] })) : [],
    ),
  )
  .max(attributeLimits.keys, { error: `must have at most ${attributeLimits.keys} keys` });
