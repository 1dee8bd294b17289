import { z } from 'zod';
import { idempotencyKey } from '../domain/idempotency/keys.ts';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../domain/shared/limits.ts';

/** A String of Structured Field Values (RFC 9651, 3.3.3). */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Decodes a header, which Node reads as Latin-1, as UTF-8 if possible, so that a key is the same as in GraphQL. */
function decode(text: string): string {
  try {
    return utf8.decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** Removes the quotes, which many clients do not send. */
function unquote(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = decode(value);
  return QUOTED.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? text;
}

/** The header of draft-ietf-httpapi-idempotency-key-header. */
export const idempotencyHeaders = z.object({
  'Idempotency-Key': z.preprocess(unquote, idempotencyKey.optional()).meta({
    type: 'string',
    minLength: 1,
    maxLength: MAX_IDEMPOTENCY_KEY_LENGTH,
    description: `A unique key for this request, such as a UUID, with or without quotes. A retry with the same key within 24
hours returns the result of the first request and is not executed again.`,
  }),
});

/** The status that the draft defines for a key that is reused with another request. */
export const keyMisused = {
  status: 422,
  description: 'The idempotency key was used with a different operation or input within the last 24 hours.',
} as const;

export const KEY_BUSY = 'another request with the idempotency key is in flight';
