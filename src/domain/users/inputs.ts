import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { attributeKeys, attributes, isJsonObject } from '../shared/attributes.ts';
import { idempotencyKey } from '../idempotency/keys.ts';
import { instant } from '../shared/instant.ts';
import { notNull } from '../shared/validation.ts';
import { printable, text } from '../shared/text.ts';
import { UID_LENGTH, uid } from './uid.ts';

export { uid };

/** A uid as `createUser` takes it: letters and digits only (the seed). */
export const newUid = z.string().refine((value) => /^[A-Za-z0-9]{1,255}$/.test(value), {
  params: { code: 'INVALID_UID' },
  error: `must be 1 to ${UID_LENGTH} letters and digits`,
});

/** An e-mail address: one `@`, no spaces, 254 characters. Kept as it was sent. */
export const email = printable(0, 254).refine((value) => /^[^\s@]+@[^\s@]+$/.test(value), {
  params: { code: 'INVALID_EMAIL' },
  error: 'must be an e-mail address, with one "@" and no spaces',
});

/** A phone number in international format, with or without `+`; becomes E.164. */
export const number = z.string().transform((value, context) => {
  const digits = /^\+?[\d ().-]{1,64}$/.test(value) ? value.replace(/^\+/, '') : '';
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  if (parsed?.isPossible()) return parsed.number;
  const message = 'must be a phone number in international format, such as +2348012345678';
  context.addIssue({ code: 'custom', params: { code: 'INVALID_NUMBER' }, message });
  return z.NEVER;
});

const name = text(0, 255);

/** A push service's registration token. */
export const deviceToken = z.string().refine((value) => /^[\x21-\x7e]{1,1024}$/.test(value), {
  params: { code: 'INVALID_TOKEN' },
  error: 'must be 1 to 1024 visible ASCII characters',
});

const device = z.object({ token: deviceToken, platform: z.enum(['android', 'ios']) });

const profile = {
  firstName: name.nullish(),
  lastName: name.nullish(),
  number: number.nullish(),
  email: email.nullish(),
  device: device.nullish(),
  meta: attributes.nullish(),
  createdAt: instant.nullish(),
};

/** The lists that a new user joins; a door says how it writes their ids. */
export const listIds = <Id extends z.ZodType<string>>(id: Id) =>
  z.array(id).max(100, { error: 'must name at most 100 lists' }).nullish();

/** What `createUser` takes. Null counts as left out. */
export const newUser = z.object({
  uid: newUid,
  ...profile,
  /** Ids of lists to subscribe to at once. */
  listIds: listIds(z.uuid()),
  idempotencyKey: idempotencyKey.nullish(),
});

/** What `updateUser` takes. A field left out is unchanged; null clears it. */
export const userUpdate = z
  .object({
    uid,
    /** The uid to give to a user whose uid may still be set. */
    newUid: uid.nullish(),
    ...profile,
    createdAt: notNull(instant),
    /** Keys of `meta` to remove. */
    removeMeta: attributeKeys.nullish(),
  })
  .superRefine(
    ({ meta, removeMeta }, context) => {
      if (!isJsonObject(meta) || !Array.isArray(removeMeta)) return;
      for (const [place, key] of removeMeta.entries()) {
        if (!Object.hasOwn(meta, key)) continue;
        const message = 'is set by meta in the same input';
        context.addIssue({ code: 'custom', path: ['removeMeta', place], params: { code: 'CONTRADICTION' }, message });
      }
    },
    // With other faults, too, and then on values of any type: every fault is told at once.
    { when: () => true },
  );

/** What `createUser` takes, checked. */
export type NewUser = z.output<typeof newUser>;

/** What `updateUser` takes, checked. */
export type UserUpdate = z.output<typeof userUpdate>;

/** A device to register, checked. */
export type NewDevice = z.output<typeof device>;
