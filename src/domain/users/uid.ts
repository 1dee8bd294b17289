import { z } from 'zod';
import type { ValidationIssue } from '../shared/errors.ts';
import { MAX_UID_LENGTH } from '../shared/limits.ts';
import { lengthOf, tooLongMessage } from '../shared/text.ts';

/**
 * UTF-16 units of the longest text that may be a valid uid in Unicode normal form C: there, four characters of two units each
 * can become one.
 */
const MAX_NORMALIZED_UNITS = MAX_UID_LENGTH * 8;

/** The common case: printable ASCII without spaces and `/`, which needs no further check. */
const ASCII_UID = new RegExp(`^[!-.0-~]{1,${MAX_UID_LENGTH}}$`);

/**
 * Characters that are invisible or unassigned: uids that look the same must be equal. Includes joiners and variation
 * selectors, although some emoji contain these.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

const OUTER_WHITE_SPACE = /^\p{White_Space}|\p{White_Space}$/u;

/**
 * Converts a uid to Unicode normal form C, in which uids are stored and looked up. Returns a text that is too long for a uid
 * in any form unchanged, since normalization takes quadratic time in the worst case.
 */
export function normalizeUid(text: string): string {
  return text.length > MAX_NORMALIZED_UNITS ? text : text.normalize('NFC');
}

/** All issues of a uid in normal form C. */
export function uidIssues(uid: string): Omit<ValidationIssue, 'path'>[] {
  const length = lengthOf(uid);
  const [invisible] = INVISIBLE.exec(uid) ?? [];
  return [
    ...(length === 0 ? [{ code: 'TOO_SHORT', message: 'must not be empty' }] : []),
    ...(length > MAX_UID_LENGTH ? [{ code: 'TOO_LONG', message: tooLongMessage(MAX_UID_LENGTH, length) }] : []),
    ...(invisible === undefined ? [] : [{ code: 'INVALID_CHARACTER', message: invisibleMessage(invisible) }]),
    ...(OUTER_WHITE_SPACE.test(uid)
      ? [{ code: 'INVALID_UID', message: 'must not begin or end with white space' }]
      : []),
    ...(uid.includes('/') ? [{ code: 'INVALID_UID', message: 'must not contain "/"' }] : []),
  ];
}

function invisibleMessage(character: string): string {
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `must not contain control, invisible or unassigned characters; got U+${code}`;
}

/**
 * A uid as every operation except `createUser` accepts it: official clients use e-mail addresses and dashed UUIDs. Converts it
 * to normal form C.
 */
export const uid = z.string().transform((text, context) => {
  if (ASCII_UID.test(text)) return text;
  const normal = normalizeUid(text);
  for (const { code, message } of uidIssues(normal)) {
    context.addIssue({ code: 'custom', params: { code }, message });
  }
  return normal;
});

const NEW_UID = new RegExp(`^[A-Za-z0-9]{1,${MAX_UID_LENGTH}}$`);

/** A uid as `createUser` accepts it: letters and digits only (REST reference of the platform). */
export const newUid = z.string().refine((value) => NEW_UID.test(value), {
  params: { code: 'INVALID_UID' },
  error: `must be 1 to ${MAX_UID_LENGTH} ASCII letters and digits`,
});
