import { parsePhoneNumberFromString } from 'libphonenumber-js';
import { z } from 'zod';
import { devicePlatforms } from '../devices/device.ts';
import { idempotencyKey } from '../idempotency/keys.ts';
import { attributeKeys, attributes, isJsonObject, lengthOfArray } from '../shared/attributes.ts';
import { instant } from '../shared/instant.ts';
import {
  MAX_APP_VERSION_LENGTH,
  MAX_DEVICE_TOKEN_LENGTH,
  MAX_EMAIL_LENGTH,
  MAX_LISTS_PER_INPUT,
  MAX_NAME_LENGTH,
} from '../shared/limits.ts';
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

/** The names that applications usually send; others are looked up in the data of ICU, which costs more. */
const commonTimeZones = new Set(Intl.supportedValuesOf('timeZone'));

/** Whether a text is a name of the IANA time zone database, including those that it keeps for compatibility. */
function isTimeZone(name: string): boolean {
  if (commonTimeZones.has(name)) return true;
  // `Intl` also accepts offsets, such as `+01:00`, which are not names.
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** A time zone by its IANA name. Stored as received. */
const timeZone = z.string().refine(isTimeZone, {
  params: { code: 'INVALID_TIME_ZONE' },
  error: 'must be an IANA time zone name, such as Africa/Lagos',
});

const name = text(0, MAX_NAME_LENGTH);
const appVersion = printable(0, MAX_APP_VERSION_LENGTH);

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
  isAccount: z.boolean().nullish(),
  timeZone: timeZone.nullish(),
  appVersion: appVersion.nullish(),
  appBuild: appVersion.nullish(),
  appLastActiveAt: instant.nullish(),
  device: device.nullish(),
  meta: attributes.nullish(),
  createdAt: instant.nullish(),
};

/** The lists to which a user is subscribed. @param id how the API represents the id of a list. */
export const listIds = <Id extends z.ZodType<string>>(id: Id) =>
  z
    .array(id)
    .max(MAX_LISTS_PER_INPUT, {
      error: ({ input }) => `must contain at most ${MAX_LISTS_PER_INPUT} lists; got ${lengthOfArray(input)}`,
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
    /** Ids of lists to subscribe to, in addition to those that the user is subscribed to. */
    listIds: listIds(z.uuid()),
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
