import { z } from 'zod';
import type { ValidationIssue } from './errors.ts';
import { UnsafeNumber } from './json-numbers.ts';
import { attributeLimits, MAX_ECHO_LENGTH } from './limits.ts';
import { lengthOf, NOT_STORABLE, storable } from './text.ts';

/** The value of an attribute. */
export type AttributeValue = string | number | boolean;

/** The `meta` of a user or the `properties` of an event: a flat object. */
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** Whether a value is a string, a finite number or a boolean. */
export function isAttributeValue(value: unknown): value is AttributeValue {
  return typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);
}

/** Whether a value is a JSON object, flat or nested. */
export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof UnsafeNumber);
}

const issue = (path: string[], code: string, message: string): ValidationIssue => ({ path, code, message });

/** The source text of a number that a 64-bit float would change; undefined for any other value. */
export function unsafeNumberIn(value: unknown): string | undefined {
  if (value instanceof UnsafeNumber) return value.source;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? String(value) : undefined;
}

/** The issue of a number that a 64-bit float would change. @param source the number as received. */
export function unsafeNumberIssue(source: string, path: string[] = []): ValidationIssue {
  const received = source.length > MAX_ECHO_LENGTH ? `${source.slice(0, MAX_ECHO_LENGTH)}…` : source;
  const message = `must be an integer from -(2^53 - 1) to 2^53 - 1, or a decimal that a 64-bit float preserves; got ${received}. Send it as a string.`;
  return issue(path, 'UNSAFE_NUMBER', message);
}

/** @param received the number of keys; undefined to omit it from the message. */
function keyCountIssues(keys: number, received?: number): ValidationIssue[] {
  if (keys <= attributeLimits.keys) return [];
  return [issue([], 'TOO_MANY', withReceived(`must have at most ${attributeLimits.keys} keys`, received))];
}

function byteIssues(value: unknown, { disclose }: { disclose: boolean }): ValidationIssue[] {
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes <= attributeLimits.bytes) return [];
  const message = `must have at most ${attributeLimits.bytes} bytes as JSON`;
  return [issue([], 'TOO_LARGE', withReceived(message, disclose ? bytes : undefined))];
}

const withReceived = (message: string, received?: number) =>
  received === undefined ? message : `${message}; got ${received}`;

/** What an attribute's key would have to be, such as `a key of 1 to 64 characters`; undefined for a valid key. */
function keyRule(key: string): string | undefined {
  if (!storable(key)) return 'a key that is well-formed Unicode without U+0000';
  const length = lengthOf(key);
  if (length >= 1 && length <= attributeLimits.keyLength) return undefined;
  return `a key of 1 to ${attributeLimits.keyLength} characters; got ${length}`;
}

/** The issues of an attribute's key, with the key as path. */
export function keyIssues(key: string): ValidationIssue[] {
  const rule = keyRule(key);
  return rule === undefined ? [] : [issue([key.slice(0, MAX_ECHO_LENGTH)], 'INVALID_KEY', `must have ${rule}`)];
}

function valueIssues(value: unknown): ValidationIssue[] {
  const unsafe = unsafeNumberIn(value);
  if (unsafe !== undefined) return [unsafeNumberIssue(unsafe)];
  if (!isAttributeValue(value)) {
    return [issue([], 'INVALID_TYPE', 'must be a string, a finite number or a boolean')];
  }
  if (typeof value !== 'string' || storable(value)) return [];
  return [issue([], 'INVALID_CHARACTER', NOT_STORABLE)];
}

/** Attribute values only: `JSON.stringify` overflows the stack on values as deep as JSON can be. */
const flatPart = (entries: [string, unknown][]) =>
  Object.fromEntries(entries.filter(([, value]) => isAttributeValue(value)));

/**
 * The limits that merged attributes exceed, although both parts were valid. The issues contain no counts: those of a merge
 * would disclose to a caller who may not read users what others have stored.
 */
export function mergedAttributeIssues(merged: Attributes): ValidationIssue[] {
  const entries = Object.entries(merged);
  const tooManyKeys = keyCountIssues(entries.length);
  return tooManyKeys.length > 0 ? tooManyKeys : byteIssues(flatPart(entries), { disclose: false });
}

/** All issues of received attributes. */
function attributeIssues(value: unknown): ValidationIssue[] {
  if (!isJsonObject(value)) return [issue([], 'INVALID_TYPE', 'must be a flat JSON object')];
  const entries = Object.entries(value);
  // Skips the keys, since each of a million can be invalid.
  if (entries.length > attributeLimits.keys) return keyCountIssues(entries.length, entries.length);
  return [
    ...byteIssues(flatPart(entries), { disclose: true }),
    ...entries.flatMap(([key, item]) => attributeIssuesOf(key, item)),
  ];
}

/** The issues of one attribute, with its key as path. */
export function attributeIssuesOf(key: string, value: unknown): ValidationIssue[] {
  return [...keyIssues(key), ...valueIssues(value).map((each) => ({ ...each, path: [key.slice(0, MAX_ECHO_LENGTH)] }))];
}

/** A zod schema from a function that lists issues. */
function schemaOf<Value>(issuesOf: (value: unknown) => ValidationIssue[]) {
  return z.custom<Value>().superRefine((value, context) => {
    for (const { path, code, message } of issuesOf(value)) {
      context.addIssue({ code: 'custom', path, params: { code }, message });
    }
  });
}

/** Flat attributes within their limits. */
export const attributes = schemaOf<Attributes>(attributeIssues);

/** One value, of at most `attributeLimits.bytes` as JSON. */
export const attributeValue = schemaOf<AttributeValue>((value) => {
  const issues = valueIssues(value);
  return issues.length > 0 ? issues : byteIssues(value, { disclose: true });
});

/** The key of an attribute. */
export const attributeKey = z.string().superRefine((key, context) => {
  const rule = keyRule(key);
  if (rule !== undefined)
    context.addIssue({ code: 'custom', params: { code: 'INVALID_KEY' }, message: `must be ${rule}` });
});

/** The keys of attributes to remove. */
export const attributeKeys = z.array(attributeKey).max(attributeLimits.keys, {
  error: ({ input }) => withReceived(`must have at most ${attributeLimits.keys} keys`, lengthOfArray(input)),
});

/** The length of an array; undefined for any other value. */
export function lengthOfArray(value: unknown): number | undefined {
  return Array.isArray(value) ? value.length : undefined;
}
