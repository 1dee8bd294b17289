import { z } from 'zod';

/** Controls, and what cannot be seen, but for the two joiners that some scripts and emoji are written with. */
const unprintable = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The length as people count it: one for each code point. */
export const lengthOf = (text: string) => Array.from(text).length;

/** Whether PostgreSQL can hold the text: no U+0000 and no half of a surrogate pair. */
export const storable = (text: string) => text.isWellFormed() && !text.includes('\0');

/**
 * Text that the database can hold.
 * @param min least and @param max most length in code points.
 */
export function text(min: number, max: number) {
  return z
    .string()
    .refine(storable, { params: { code: 'INVALID_CHARACTER' }, error: 'must be well-formed and without U+0000' })
    .refine((value) => lengthOf(value) >= min, {
      params: { code: 'TOO_SHORT' },
      error: min === 1 ? 'must not be empty' : `must have at least ${min} characters`,
    })
    .refine((value) => lengthOf(value) <= max, {
      params: { code: 'TOO_LONG' },
      error: `must have at most ${max} characters`,
    });
}

/** Text on one line: no control characters, no invisible ones. */
export function printable(min: number, max: number) {
  return text(min, max).refine((value) => !unprintable.test(value), {
    params: { code: 'INVALID_CHARACTER' },
    error: 'must be printable',
  });
}
