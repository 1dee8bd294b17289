import { z } from 'zod';

/** Control and invisible characters, except the two joiners that some scripts and emoji require. */
const UNPRINTABLE = /(?![\u200c\u200d])[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** The length of a text in Unicode code points. */
export const lengthOf = (text: string) => Array.from(text).length;

/** Whether PostgreSQL can store a text: well-formed Unicode without U+0000. */
export const storable = (text: string) => text.isWellFormed() && !text.includes('\0');

/** Why a text cannot be stored. */
export const NOT_STORABLE = 'must be well-formed Unicode without U+0000';

/** `must have at most 255 characters; got 300`. */
export const tooLongMessage = (maximum: number, length: number) =>
  `must have at most ${maximum} characters; got ${length}`;

/** A text that PostgreSQL can store. @param minimum length and @param maximum length, in code points. */
export function text(minimum: number, maximum: number) {
  return z
    .string()
    .refine(storable, { params: { code: 'INVALID_CHARACTER' }, error: NOT_STORABLE })
    .refine((value) => lengthOf(value) >= minimum, {
      params: { code: 'TOO_SHORT' },
      error: minimum === 1 ? 'must not be empty' : `must have at least ${minimum} characters`,
    })
    .refine((value) => lengthOf(value) <= maximum, {
      params: { code: 'TOO_LONG' },
      error: ({ input }) => tooLongMessage(maximum, lengthOf(String(input))),
    });
}

/** A text on one line, without control characters or invisible characters. */
export function printable(minimum: number, maximum: number) {
  return text(minimum, maximum).refine((value) => !UNPRINTABLE.test(value), {
    params: { code: 'INVALID_CHARACTER' },
    error: 'must consist of printable characters',
  });
}
