import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { devicePlatforms } from '../devices/device.ts';
import { idempotencyKey } from '../idempotency/keys.ts';
import { attributeKeys, attributes, isJsonObject, lengthOfArray } from '../shared/attributes.ts';
import { instant } from '../shared/instant.ts';
import { MAX_DEVICE_TOKEN_LENGTH, MAX_EMAIL_LENGTH, MAX_LISTS_AT_CREATION, MAX_NAME_LENGTH } from '../shared/limits.ts';
import { printable, text } from '../shared/text.ts';
import { notNull } from '../shared/validation.ts';
import { newUid, uid } from './uid.ts';

export { newUid, uid };

/** An e-mail address: one `@`, no spaces. Stored as received. */
export const email = printable(0, MAX_EMAIL_LENGTH).refine((value) => /^[^\s@]+@[^\s@]+$/.test(value), {
  params: { code: 'INVALID_EMAIL' },
  error: 'must be an e-mail address, with one "@" and no spaces',
});

/** A phone number in international format, with or without `+`; converted to E.164. */
export const number = z.string().transform((value, context) => {
  const digits = /^\+?[\d ().-]{1,64}$/.test(value) ? value.replace(/^\+/, '') : '';
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  if (parsed?.isPossible()) return parsed.number;
  const message = 'must be a phone number in international format, such as +2348012345678';
  context.addIssue({ code: 'custom', params: { code: 'INVALID_NUMBER' }, message });
  return z.NEVER;
});

const name = text(0, MAX_NAME_LENGTH);

const DEVICE_TOKEN = new RegExp(`^[\\x21-\\x7e]{1,${MAX_DEVICE_TOKEN_LENGTH}}$`);

/** The registration token of a push service. */
export const deviceToken = z.string().refine((value) => DEVICE_TOKEN.test(value), {
  params: { code: 'INVALID_TOKEN' },
  error: `must be 1 to ${MAX_DEVICE_TOKEN_LENGTH} visible ASCII characters`,
});

const device = z.object({ token: deviceToken, platform: z.enum(devicePlatforms) });

/** Each of these fields has a column, which `profile-fields.ts` declares, except for the device. */
const profile = {
  firstName: name.nullish(),
  lastName: name.nullish(),
  number: number.nullish(),
  email: email.nullish(),
  device: device.nullish(),
  meta: attributes.nullish(),
  createdAt: instant.nullish(),
};

/** The lists to which a new user is subscribed. @param id how the API represents the id of a list. */
export const listIds = <Id extends z.ZodType<string>>(id: Id) =>
  z
    .array(id)
    .max(MAX_LISTS_AT_CREATION, {
      error: ({ input }) => `must contain at most ${MAX_LISTS_AT_CREATION} lists; got ${lengthOfArray(input)}`,
    })
    .nullish();

/** The input of `createUser`. Null is equivalent to omitting a field. */
export const newUser = z.object({
  uid: newUid,
  ...profile,
  /** Ids of lists to subscribe to. */
  listIds: listIds(z.uuid()),
  idempotencyKey: idempotencyKey.nullish(),
});

/** The input of `updateUser`. An omitted field is unchanged; null clears it. */
export const userUpdate = z
  .object({
    uid,
    /** The uid for a user whose uid can be updated. */
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
        const message = 'must not be set by meta in the same input';
        context.addIssue({ code: 'custom', path: ['removeMeta', place], params: { code: 'CONTRADICTION' }, message });
      }
    },
    // Runs even if other fields are invalid, and then on values of any type, so that every issue is reported at once.
    { when: () => true },
  );

/** The validated input of `createUser`. */
export type NewUser = z.output<typeof newUser>;

/** The validated input of `updateUser`. */
export type UserUpdate = z.output<typeof userUpdate>;

/** A validated device to register. */
export type NewDevice = z.output<typeof device>;
