import { z } from 'zod';
import { devicePlatforms } from '../domain/devices/device.ts';
import { newEvent } from '../domain/events/inputs.ts';
import { isJsonObject, unsafeNumberIn, unsafeNumberIssue } from '../domain/shared/attributes.ts';
import { instant } from '../domain/shared/instant.ts';
import * as limits from '../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_USERS_PAGE_SIZE } from '../domain/shared/pagination.ts';
import { deviceToken, listIds, newUser, uid, userUpdate } from '../domain/users/inputs.ts';
import { normalizeUid } from '../domain/users/uid.ts';

const dateTime = z.iso.datetime({ offset: true });

/** RFC 2822, as many languages print dates: `Tue, 12 Jan 2021 05:24:39 GMT`. */
const MAIL = /^(?:([A-Z][a-z]{2}), )?(\d{1,2}) ([A-Z][a-z]{2}) (\d{4}) (\d{2}:\d{2})(:\d{2})? (GMT|UTC|Z|[+-]\d{4})$/;

/** A date, a time with or without seconds, and an offset as many languages print it: `Z`, `UTC`, `+0100`, `+01`. */
const ISO = /^(\d{4}-\d{2}-\d{2})(?:[Tt ](\d{2}:\d{2})(:\d{2}(?:\.\d+)?)? ?([Zz]|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$/;

const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Reads a date; without an offset, as UTC. Nothing for a text that is no date. */
function parse(text: string): Date | undefined {
  const [, day, time, seconds, offset] = ISO.exec(text) ?? [];
  return day === undefined ? parseMail(text) : dateOf(day, time, seconds, offset);
}

/** Reads a date in RFC 2822 by the rules of the other notation, and its weekday, which has to be right. */
function parseMail(text: string): Date | undefined {
  const [, weekday, dayOfMonth = '', monthName = '', year = '', time, seconds, offset] = MAIL.exec(text) ?? [];
  const month = MONTHS.indexOf(monthName) + 1;
  // Years of two digits, with zeros before them, are years of this century to some and of the first to others.
  if (month === 0 || Number(year) < 100) return undefined;
  const day = `${year}-${String(month).padStart(2, '0')}-${dayOfMonth.padStart(2, '0')}`;
  if (weekday !== undefined && weekday !== WEEKDAYS[new Date(day).getUTCDay()]) return undefined;
  return dateOf(day, time, seconds, offset);
}

/** Nothing where there is no such day, time or offset. */
function dateOf(day: string, time = '00:00', seconds = ':00', offset?: string): Date | undefined {
  const iso = `${day}T${time}${seconds}${offsetOf(offset)}`;
  return dateTime.safeParse(iso).success ? new Date(iso) : undefined;
}

/** An offset as RFC 3339 has it. */
function offsetOf(text = 'Z'): string {
  if (!/^[+-]/.test(text)) return 'Z';
  return `${text.slice(0, 3)}:${text.slice(3).replace(':', '') || '00'}`;
}

/** "A valid date string" (the seed): ISO 8601 with or without a time and an offset, or RFC 2822. */
export const dateText = z
  .string()
  .transform((text, context) => {
    const parsed = parse(text);
    if (parsed && !Number.isNaN(parsed.getTime())) return parsed;
    const message = 'must be a valid date, such as 2021-01-12T05:24:39.062+00:00';
    context.addIssue({ code: 'custom', params: { code: 'INVALID_DATE' }, message });
    return z.NEVER;
  })
  .pipe(instant)
  .meta({ format: 'date-time' });

/** Clients in languages that do not keep the two apart send numbers for texts. */
const numberAsText = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : value);

/** The same for a schema. A number that a float would change is rejected: two ids would be one. */
function textOrNumber(value: unknown, context: z.RefinementCtx): unknown {
  const unsafe = unsafeNumberIn(value);
  if (unsafe === undefined) return numberAsText(value);
  addUnsafeNumber(unsafe, [], context);
  return z.NEVER;
}

function addUnsafeNumber(source: string, path: string[], context: z.RefinementCtx): void {
  const { code, message } = unsafeNumberIssue(source);
  context.addIssue({ code: 'custom', path, params: { code }, message });
}

/** What the document says of attributes, which zod cannot tell from the schema that checks them. */
const documented = (description: string) => ({
  type: ['object', 'null'],
  additionalProperties: { type: ['string', 'number', 'boolean'] },
  propertyNames: { minLength: 1, maxLength: limits.attributeLimits.keyLength },
  maxProperties: limits.attributeLimits.keys,
  description: `${description} At most ${limits.attributeLimits.keys} of them, and 16 KB in all.
A number that a 64-bit float would change, and an integer beyond 2^53 - 1, is rejected: send it as a string.`,
});

/** What the document says of a device token. */
const tokenText = { minLength: 1, maxLength: limits.MAX_DEVICE_TOKEN_LENGTH, pattern: '^[!-~]+$' };

const { firstName, lastName, email } = newUser.shape;

const profile = {
  first_name: firstName.meta({ maxLength: limits.MAX_NAME_LENGTH, description: 'The user’s first name.' }),
  last_name: lastName.meta({ maxLength: limits.MAX_NAME_LENGTH, description: 'The user’s last name.' }),
  device_token: deviceToken.nullish().meta({
    ...tokenText,
    description: 'The user’s device token; with `device_platform`.',
  }),
  device_platform: z.enum(devicePlatforms).nullish().meta({ description: 'The device’s platform.' }),
  number: z
    .preprocess(textOrNumber, newUser.shape.number)
    .meta({ type: ['string', 'null'], description: 'The user’s phone number in international format.' }),
  email: email.meta({
    maxLength: limits.MAX_EMAIL_LENGTH,
    description: 'The user’s email. One `@`, no spaces; need not be unique.',
  }),
  meta: newUser.shape.meta.meta(
    documented(`Additional attributes. The values can be a string, number or boolean. What callers without \`users:read\` have sent
for the user is limited separately from all other attributes.`),
  ),
};

/** What creations and updates have in common. */
export type Profile = z.output<z.ZodObject<typeof profile>>;

/** A token needs its platform. Checked with other faults, too. */
function checkDevice({ device_token, device_platform }: Profile, context: z.RefinementCtx): void {
  if (device_token == null || device_platform != null) return;
  const message = 'must go with device_token';
  context.addIssue({ code: 'custom', path: ['device_platform'], params: { code: 'REQUIRED' }, message });
}

const anyObject = { when: ({ value }: z.core.ParsePayload) => isJsonObject(value) };

const createdAt = { description: 'Date the user signed up on your application. Should be a valid date string.' };

/** The body of `POST /users`. */
export const createBody = z
  .object({
    id: z.preprocess(textOrNumber, newUser.shape.uid).meta({
      type: 'string',
      pattern: `^[A-Za-z0-9]{1,${limits.MAX_UID_LENGTH}}$`,
      description: 'An identifier for the user in your application. Can only contain letters and digits.',
    }),
    lists: listIds(z.uuid().transform((id) => id.toLowerCase())).meta({
      description: 'Ids of lists to subscribe the user to. Opt-in confirmations are not sent for these.',
    }),
    ...profile,
    created_at: dateText.nullish().meta(createdAt),
  })
  .superRefine(checkDevice, anyObject);

/** The body of `PUT /users/{uid}`. What is left out is unchanged; null clears it. */
export const updateBody = z
  .object({
    id: z.unknown().optional().meta({ description: 'May repeat the uid of the path; clients send it.' }),
    ...profile,
    created_at: dateText.nullish().pipe(userUpdate.shape.createdAt).meta(createdAt),
  })
  .superRefine(checkDevice, anyObject);

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Official clients repeat the uid as the body's `id`, and do not encode it in the path: of `a#b` only `a` arrives there,
 * who is somebody else. A UUID may be the internal id of a user object that is sent back.
 */
export function checkId({ params, body }: { params: { uid: string }; body: object }, context: z.RefinementCtx): void {
  const id = 'id' in body ? body.id : undefined;
  const unsafe = unsafeNumberIn(id);
  if (unsafe !== undefined) addUnsafeNumber(unsafe, ['body', 'id'], context);
  const given = numberAsText(id);
  if (typeof given !== 'string' || normalizeUid(given) === params.uid || UUID.test(given)) return;
  const message = 'must be the uid of the path, where it has to be percent-encoded';
  context.addIssue({ code: 'custom', path: ['body', 'id'], params: { code: 'CONTRADICTION' }, message });
}

/** The body of `POST /users/{uid}/events`. */
export const eventBody = z.object({
  event: newEvent.shape.name.meta({
    minLength: 1,
    maxLength: limits.MAX_EVENT_NAME_LENGTH,
    description: 'The event title.',
  }),
  value: newEvent.shape.value.meta({
    anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
    description: 'The event value. Can be a string, number or boolean.',
  }),
  properties: newEvent.shape.properties.meta(documented('Additional event properties.')),
  timestamp: dateText.nullish().meta({ description: 'Timestamp of the event. If none is given, the current time.' }),
});

/** The uid of a path. */
export const uidParams = z.object({
  uid: uid.meta({
    minLength: 1,
    maxLength: limits.MAX_UID_LENGTH,
    description:
      'The user’s identifier: visible characters but `/`, without white space at either end; in Unicode normal form C, to which it is normalized.',
  }),
});

/** The uid and the device token of a path. */
export const tokenParams = uidParams.extend({
  token: deviceToken.meta({ ...tokenText, description: 'The device token.' }),
});

/** Clients send parameters that they have no value for. */
const emptyAsAbsent = (value: unknown) => (value === '' ? undefined : value);

/** Clients that do not encode send `+`, which in a query stands for the space that no address has. */
const plusSigns = (value: unknown) => (typeof value === 'string' ? emptyAsAbsent(value.replaceAll(' ', '+')) : value);

const cursor = (description: string) => z.preprocess(emptyAsAbsent, z.string().optional()).meta({ description });

/** The parameters of `GET /users`. */
export const listQuery = z.object({
  limit: z
    .preprocess(
      (value) => (/^-?\d+$/.test(String(value)) ? Number(value) : emptyAsAbsent(value)),
      z.int({ error: 'must be a whole number' }).optional(),
    )
    .meta({
      type: 'integer',
      minimum: 1,
      maximum: MAX_USERS_PAGE_SIZE,
      default: DEFAULT_PAGE_SIZE,
      description: 'Number of users to return.',
    }),
  next_cursor: cursor('Pagination cursor for the next page. Only one of the two can be used.'),
  previous_cursor: cursor('Pagination cursor for the previous page.'),
  email: z.preprocess(plusSigns, newUser.shape.email.unwrap().unwrap().optional()).meta({
    type: 'string',
    maxLength: limits.MAX_EMAIL_LENGTH,
    description: 'Only users with this e-mail address.',
  }),
});
