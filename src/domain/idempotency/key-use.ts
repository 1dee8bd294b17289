import { createHash } from 'node:crypto';
import { stringify } from 'safe-stable-stringify';
import type { IdempotentOperation } from '../../db/generated/client.ts';

/** A write that is to be done under a key. */
export interface KeyUse {
  key: string;
  operation: IdempotentOperation;
  /** SHA-256 of the input. */
  digest: Buffer;
  now: Date;
}

/** Says what is to be done under a key. @param input all of it but the key; null, {} and [] count as left out. */
export function useOf(key: string, operation: IdempotentOperation, input: object): KeyUse {
  return { key, operation, digest: digestOf(input), now: new Date() };
}

/** The same for inputs that ask for the same, whatever the order of their keys. */
function digestOf(input: object): Buffer {
  const given = Object.entries(input).filter(
    ([, value]) => value != null && !['{}', '[]'].includes(JSON.stringify(value)),
  );
  return createHash('sha256')
    .update(stringify(Object.fromEntries(given)) ?? '')
    .digest();
}
