import { createHash } from 'node:crypto';

/**
 * An input in a form that determines the digest. Each operation builds it explicitly: the names of its fields are part of the
 * digests that rows keep for 24 hours, so renaming a property of the input must not rename them.
 */
export type CanonicalInput = Readonly<Record<string, unknown>>;

/**
 * The version of the canonical form, and the first byte of a stored digest. Increment it with every change to the text of
 * the same input, and let `inputDigests` also return the digests of the previous version for 24 hours after the upgrade.
 */
const VERSION = 1;

/**
 * The digests of an input, of which the first is stored, and each is accepted: the version and a SHA-256, and the SHA-256
 * alone, which releases up to 0.1.0 stored.
 */
export function inputDigests(input: CanonicalInput): [stored: Buffer, ...accepted: Buffer[]] {
  const hash = createHash('sha256').update(canonicalText(input)).digest();
  return [Buffer.concat([Buffer.from([VERSION]), hash]), hash];
}

/** The same text for equivalent inputs: null, `{}` and `[]` count as omitted. */
function canonicalText(input: CanonicalInput): string {
  return canonicalUserQuery(Object.fromEntries(Object.entries(input).filter(([, value]) => !isEmpty(value))));
}

function isEmpty(value: unknown): boolean {
  return value == null || (typeof value === 'object' && !(value instanceof Date) && Object.keys(value).length === 0);
}

/** JSON with the keys of each object in the order of their UTF-16 units. */
function canonicalUserQuery(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalUserQuery).join(',')}]`;
  if (typeof value !== 'object' || value === null || value instanceof Date) return JSON.stringify(value);
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, member]) => `${JSON.stringify(key)}:${canonicalUserQuery(member)}`);
  return `{${members.join(',')}}`;
}
