import { z } from 'zod';
import type { ValidationIssue } from '../shared/errors.ts';
import { lengthOf } from '../shared/text.ts';

/** The most characters of a uid, counted in code points. Contract, "uid". */
export const UID_LENGTH = 255;

/** Most UTF-16 units of a text that may have as few characters in normal form C: four characters, of two units, make one. */
const UNITS_TO_NORMALIZE = UID_LENGTH * 8;

/** What most uids are: they need no further look. */
const PLAIN = /^[!-.0-~]{1,255}$/;

/**
 * Characters that cannot be seen or that Unicode does not have: two uids that look alike have to be one. Joiners and
 * variation selectors are among them, although some emoji are written with these.
 */
const INVISIBLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u;

const AT_AN_END = /^\p{White_Space}|\p{White_Space}$/u;

/**
 * A uid in Unicode normal form C, in which uids are stored and looked up. A text that is too long for a uid in any form
 * stays as it is, since normalization takes quadratic time in the worst case.
 */
export function normalizeUid(text: string): string {
  return text.length > UNITS_TO_NORMALIZE ? text : text.normalize('NFC');
}

/** Everything that is wrong with a uid in normal form C. */
export function uidFaults(uid: string): Omit<ValidationIssue, 'path'>[] {
  const length = lengthOf(uid);
  const [invisible] = INVISIBLE.exec(uid) ?? [];
  return [
    ...(length === 0 ? [{ code: 'TOO_SHORT', message: 'must not be empty' }] : []),
    ...(length > UID_LENGTH ? [{ code: 'TOO_LONG', message: `must have at most ${UID_LENGTH} characters` }] : []),
    ...(invisible === undefined ? [] : [{ code: 'INVALID_CHARACTER', message: invisibleCharacter(invisible) }]),
    ...(AT_AN_END.test(uid) ? [{ code: 'INVALID_UID', message: 'must not begin or end with white space' }] : []),
    ...(uid.includes('/') ? [{ code: 'INVALID_UID', message: 'must not contain "/"' }] : []),
  ];
}

function invisibleCharacter(character: string): string {
  const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
  return `must not contain control, invisible or unassigned characters; got U+${code}`;
}

/** A uid as everything but `createUser` takes it: official clients use e-mail addresses and dashed UUIDs. Becomes normal form C. */
export const uid = z.string().transform((text, context) => {
  if (PLAIN.test(text)) return text;
  const normal = normalizeUid(text);
  for (const { code, message } of uidFaults(normal)) {
    context.addIssue({ code: 'custom', params: { code }, message });
  }
  return normal;
});
