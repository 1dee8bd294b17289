import { z } from 'zod';
import { idempotencyKey } from '../domain/idempotency/keys.ts';
import { MAX_IDEMPOTENCY_KEY_LENGTH } from '../domain/shared/limits.ts';

/** A text between quotes, as the draft has it (RFC 9651, 3.3.3). */
const QUOTED = /^"((?:[^"\\]|\\["\\])*)"$/;

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Headers arrive as Latin-1. A key in UTF-8 is the one that it is in a document of GraphQL. */
function decoded(text: string): string {
  try {
    return utf8.decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}

/** Many clients send the key without quotes; both are the same key. */
function toKey(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  const text = decoded(value);
  return QUOTED.exec(text)?.[1]?.replaceAll(/\\(["\\])/g, '$1') ?? text;
}

/** The header of draft-ietf-httpapi-idempotency-key-header, where an operation takes it. */
export const idempotencyHeaders = z.object({
  'Idempotency-Key': z.preprocess(toKey, idempotencyKey.optional()).meta({
    type: 'string',
    minLength: 1,
    maxLength: MAX_IDEMPOTENCY_KEY_LENGTH,
    description: `A name for this request, such as a UUID: within 24 hours, the same again is answered without being done
again. With or without quotes.`,
  }),
});

/** The key in the domain's words. */
export const toIdempotencyKey = ({ 'Idempotency-Key': key }: z.output<typeof idempotencyHeaders>) => ({
  idempotencyKey: key,
});

/** What the draft has for a key that stands for something else. */
export const keyMisused = {
  status: 422,
  description: 'The idempotency key was used for another operation, or with another input, in the last 24 hours.',
} as const;

/** Somebody else is just doing the same. */
export const KEY_BUSY = 'another request with the idempotency key is in flight';
