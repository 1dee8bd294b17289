import { z } from 'zod';
import { newEvent } from '../domain/events/inputs.ts';
import { isJsonObject, lengthOfArray, unsafeNumberIn, unsafeNumberIssue } from '../domain/shared/attributes.ts';
import { dateValue } from '../domain/shared/dates.ts';
import {
  attributeLimits,
  MAX_APP_VERSION_LENGTH,
  MAX_DEVICE_TOKEN_LENGTH,
  MAX_EMAIL_LENGTH,
  MAX_EVENT_NAME_LENGTH,
  MAX_LISTS_PER_INPUT,
  MAX_NAME_LENGTH,
  MAX_SEARCH_LENGTH,
  MAX_SEARCH_WORDS,
  MAX_UID_LENGTH,
} from '../domain/shared/limits.ts';
import { DEFAULT_PAGE_SIZE, MAX_USERS_PAGE_SIZE } from '../domain/shared/pagination.ts';
import { deviceToken, listIds, newUser, number, uid, userUpdate } from '../domain/users/inputs.ts';
import type { ProfileField } from '../domain/users/profile-fields.ts';
import { userSearch } from '../domain/users/search.ts';
import { normalizeUid } from '../domain/users/uid.ts';
import { idempotencyHeaders } from './idempotency-key.ts';
import { domainInput, withFields } from './operation.ts';

// The requests of the REST API: its names for the domain's fields, what it accepts beyond the domain, and documentation. The
// domain's schemas validate the values.

/** Clients in weakly typed languages send numbers in place of strings. */
const numberAsText = (value: unknown) => (Number.isSafeInteger(value) && Number(value) >= 0 ? String(value) : value);

/** Converts numbers to text. Rejects numbers that a 64-bit float changes, since two different ids could become equal. */
function textOrNumber(value: unknown, context: z.RefinementCtx): unknown {
  const unsafe = unsafeNumberIn(value);
  if (unsafe === undefined) return numberAsText(value);
  addUnsafeNumber(unsafe, [], context);
  return z.NEVER;
}

/** Converts any other number to text as well, such as the version `1.5`. */
function textOrAnyNumber(value: unknown, context: z.RefinementCtx): unknown {
  return typeof value === 'number' && unsafeNumberIn(value) === undefined
    ? String(value)
    : textOrNumber(value, context);
}

function addUnsafeNumber(source: string, path: string[], context: z.RefinementCtx): void {
  const { code, message } = unsafeNumberIssue(source);
  context.addIssue({ code: 'custom', path, params: { code }, message });
}

/** Documentation of attributes, which Zod cannot derive from the function that checks them. */
const attributesMeta = (description: string) => ({
  type: ['object', 'null'],
  additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
  propertyNames: { minLength: 1, maxLength: attributeLimits.keyLength },
  maxProperties: attributeLimits.keys,
  description: `${description} Up to ${attributeLimits.keys} keys and ${attributeLimits.bytes / 1024} KB as JSON.
Integers beyond 2^53 - 1 and other numbers that a 64-bit float would change are rejected; send them as strings.`,
});

const tokenMeta = { minLength: 1, maxLength: MAX_DEVICE_TOKEN_LENGTH, pattern: '^[!-~]+$' };

const { firstName, lastName, email, device, isAccount, timeZone, appVersion } = newUser.shape;

const version = (what: string) =>
  z.preprocess(textOrAnyNumber, appVersion).meta({
    type: ['string', 'number', 'null'],
    maxLength: MAX_APP_VERSION_LENGTH,
    description: `The ${what} of your app that the user has. A number is stored as text.`,
  });

/** The platform of a device. */
export const { platform } = device.unwrap().unwrap().shape;

const profile = {
  first_name: firstName.meta({ maxLength: MAX_NAME_LENGTH, description: 'The user’s first name.' }),
  last_name: lastName.meta({ maxLength: MAX_NAME_LENGTH, description: 'The user’s last name.' }),
  device_token: deviceToken.nullish().meta({
    ...tokenMeta,
    description: 'The user’s device token. Requires `device_platform`.',
  }),
  device_platform: platform.nullish().meta({ description: 'The device’s platform.' }),
  number: z
    .preprocess(textOrNumber, newUser.shape.number)
    .meta({ type: ['string', 'null'], description: 'The user’s phone number in international format.' }),
  email: email.meta({
    maxLength: MAX_EMAIL_LENGTH,
    description: 'The user’s email address, with one `@` and no spaces. It does not have to be unique.',
  }),
  is_account: isAccount.meta({
    description: 'Whether the user is an account, such as a company, instead of a person.',
  }),
  tz: timeZone.meta({ description: 'The user’s time zone as an IANA name, such as `Africa/Lagos`.' }),
  app_version: version('version'),
  app_build: version('build'),
  app_last_active: dateValue
    .nullish()
    .meta({ description: 'When the user last used your app: a date or a Unix timestamp.' }),
  meta: newUser.shape.meta.meta(
    attributesMeta(`Additional attributes. A value is a string, a number or a boolean; null removes the attribute. Attributes with other
values, such as arrays and objects, are not stored, and listed in \`ignored\` of the response. Attributes sent without
\`users:read\` have limits of their own, separate from those of all other attributes.`),
  ),
};

const createdAtMeta = {
  description: 'When the user signed up in your application: a valid date string, or a Unix timestamp.',
};

const lists = (description: string) => listIds(z.uuid().transform((id) => id.toLowerCase())).meta({ description });

/** The body of `POST /users`. */
export const createBody = z.object({
  id: z.preprocess(textOrNumber, newUser.shape.uid).meta({
    type: 'string',
    pattern: `^[A-Za-z0-9]{1,${MAX_UID_LENGTH}}$`,
    description: 'The user’s identifier in your application: letters and digits only.',
  }),
  lists: lists('Ids of the lists to subscribe the user to. No opt-in confirmations are sent for these.'),
  ...profile,
  created_at: dateValue.nullish().meta(createdAtMeta),
});

/** The body of `PUT /users/{uid}`. Omitted fields are unchanged; null clears a field. */
export const updateBody = z.object({
  id: z.unknown().optional().meta({ description: 'The uid of the path; some clients repeat it.' }),
  lists:
    lists(`Ids of lists to subscribe the user to, in addition to those that the user is subscribed to. Requires \`lists:write\`. No
opt-in confirmations are sent for these.`),
  ...profile,
  created_at: dateValue.nullish().pipe(userUpdate.shape.createdAt).meta(createdAtMeta),
});

/** The body of `POST /users/{uid}/events`. */
export const eventBody = z.object({
  event: newEvent.shape.name.meta({ minLength: 1, maxLength: MAX_EVENT_NAME_LENGTH, description: 'The event title.' }),
  value: newEvent.shape.value.meta({
    anyOf: [{ type: 'string' }, { type: 'number' }, { type: 'boolean' }, { type: 'null' }],
    description: 'The event value: a string, a number or a boolean.',
  }),
  properties: newEvent.shape.properties.meta(
    attributesMeta(`Additional event properties. A value is a string, a number or a boolean; a property of null is omitted. Properties with
other values are not stored, and listed in \`ignored\` of the response.`),
  ),
  timestamp: dateValue
    .nullish()
    .meta({ description: 'When the event happened: a date or a Unix timestamp; default: the current time.' }),
});

/** The path of a user. */
export const uidParams = z.object({
  uid: uid.meta({
    minLength: 1,
    maxLength: MAX_UID_LENGTH,
    description:
      'The user’s identifier: visible characters except `/`, without leading or trailing white space. It is normalized to Unicode normal form C.',
  }),
});

/** The path of a device token. */
export const tokenParams = uidParams.extend({
  token: deviceToken.meta({ ...tokenMeta, description: 'The device token.' }),
});

/** `device_token` and `device_platform` as the domain's `device`. */
const deviceOfProfile = z
  .object({ token: profile.device_token, platform: profile.device_platform })
  .superRefine(
    ({ token, platform: received }, context) => {
      if (token == null || received != null) return;
      const message = 'is required with device_token';
      context.addIssue({ code: 'custom', path: ['platform'], params: { code: 'REQUIRED' }, message });
    },
    // Reports it together with invalid values.
    { when: ({ value }: z.core.ParsePayload) => isJsonObject(value) },
  )
  .transform(({ token, platform: received }) =>
    token == null || received == null ? undefined : { token, platform: received },
  );

const profileSchemas = {
  firstName: profile.first_name,
  lastName: profile.last_name,
  number: profile.number,
  email: profile.email,
  isAccount: profile.is_account,
  timeZone: profile.tz,
  appVersion: profile.app_version,
  appBuild: profile.app_build,
  appLastActiveAt: profile.app_last_active,
  meta: profile.meta,
  device: deviceOfProfile,
} satisfies Record<Exclude<ProfileField, 'createdAt'> | 'device', z.ZodType>;

/** Attributes without those that are null. Any other value stays as it is, and is rejected by the schema. */
function withoutNulls(attributes: unknown): unknown {
  if (!isJsonObject(attributes)) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== null));
}

/** The keys of attributes that are null; undefined if there are none. */
function nullKeys(attributes: unknown): string[] | undefined {
  if (!isJsonObject(attributes)) return undefined;
  const keys = Object.keys(attributes).filter((key) => attributes[key] === null);
  return keys.length > 0 ? keys : undefined;
}

const readProfile = (
  body: Readonly<Record<string, unknown>>,
): Record<ProfileField | 'device' | 'listIds', unknown> => ({
  firstName: body.first_name,
  lastName: body.last_name,
  number: body.number,
  email: body.email,
  isAccount: body.is_account,
  timeZone: body.tz,
  appVersion: body.app_version,
  appBuild: body.app_build,
  appLastActiveAt: body.app_last_active,
  listIds: body.lists,
  meta: withoutNulls(body.meta),
  device: { token: body.device_token, platform: body.device_platform },
  createdAt: body.created_at,
});

/** `POST /users` as the input of `createUser`. */
export const createUserInput = domainInput(
  withFields(newUser, {
    uid: createBody.shape.id,
    ...profileSchemas,
    createdAt: createBody.shape.created_at,
    listIds: createBody.shape.lists,
    idempotencyKey: idempotencyHeaders.shape['Idempotency-Key'],
  }),
  ({ headers, body }) => ({
    uid: body.id,
    ...readProfile(body),
    idempotencyKey: headers['Idempotency-Key'],
  }),
);

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

/**
 * Checks the `id` in the body of an update. Official clients repeat the uid there, and do not percent-encode it in the path: of
 * `a#b`, only `a` arrives in the path, which can be another user. A UUID may be the internal id, if the client sends back a
 * user object.
 */
function checkBodyId(input: { uid: string; bodyId?: unknown }, context: z.RefinementCtx): void {
  const unsafe = unsafeNumberIn(input.bodyId);
  if (unsafe !== undefined) addUnsafeNumber(unsafe, ['body', 'id'], context);
  const id = numberAsText(input.bodyId);
  if (typeof id !== 'string' || normalizeUid(id) === input.uid || UUID.test(id)) return;
  const message = 'must match the uid in the path, which must be percent-encoded';
  context.addIssue({ code: 'custom', path: ['body', 'id'], params: { code: 'CONTRADICTION' }, message });
}

/**
 * Maximum number of attributes of null in an update. More than a user can have, since clients also send null for attributes that
 * were never set; 70,000 would lock the user for 0.6 s.
 */
const MAX_REMOVED_KEYS = 1_000;

/** Keys that `checkRequest` has checked. */
const removedKeys = z
  .array(z.string())
  .refine(({ length }) => length <= MAX_REMOVED_KEYS, {
    params: { code: 'TOO_MANY' },
    error: ({ input }) => `must have at most ${MAX_REMOVED_KEYS} keys of null; got ${lengthOfArray(input)}`,
  })
  .optional();

/** `PUT /users/{uid}` as the input of `updateUser`. */
export const updateUserInput = domainInput(
  withFields(userUpdate, {
    uid: uidParams.shape.uid,
    ...profileSchemas,
    createdAt: updateBody.shape.created_at,
    listIds: updateBody.shape.lists,
    removeMeta: removedKeys,
  })
    .safeExtend({ bodyId: updateBody.shape.id })
    .superRefine(checkBodyId)
    .transform(({ bodyId: _, ...input }) => input),
  ({ params, body }) => ({
    uid: params.uid,
    bodyId: body.id,
    ...readProfile(body),
    removeMeta: nullKeys(body.meta),
  }),
);

/** `POST /users/{uid}/events` as the input of `addEvent`. */
export const addEventInput = domainInput(
  withFields(newEvent, {
    uid: uidParams.shape.uid,
    name: eventBody.shape.event,
    value: eventBody.shape.value,
    properties: eventBody.shape.properties,
    timestamp: eventBody.shape.timestamp,
    idempotencyKey: idempotencyHeaders.shape['Idempotency-Key'],
  }),
  ({ params, headers, body: { event, value, properties, timestamp } }) => ({
    uid: params.uid,
    name: event,
    value,
    properties: withoutNulls(properties),
    timestamp,
    idempotencyKey: headers['Idempotency-Key'],
  }),
);

/** A UUID, in lower case. Swagger UI logs an error for an array of texts with a format; the pattern says the same. */
export const lowerCaseUuid = z
  .uuid()
  .meta({ format: undefined })
  .transform((id) => id.toLowerCase());

/** Treats empty and null parameters as absent, since some clients send them. */
const emptyAsAbsent = (value: unknown) => (value === '' || value === null ? undefined : value);

/** A `+` that is not percent-encoded arrives as a space, which an address cannot contain. */
const spaceAsPlus = (value: unknown) => (typeof value === 'string' ? emptyAsAbsent(value.replaceAll(' ', '+')) : value);

/** The same for the offset of a date, which follows a time. */
const spaceAsOffset = (value: unknown) =>
  typeof value === 'string' ? emptyAsAbsent(value.replace(/(:\d\d(?:\.\d+)?) (\d\d:?\d\d)$/, '$1+$2')) : value;

/** A cursor of a page of users. */
export const cursor = (description: string) => z.preprocess(emptyAsAbsent, z.string().optional()).meta({ description });

/** The size of a page of users. */
export const limit = z
  .preprocess(
    (value) => (typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : emptyAsAbsent(value)),
    z.int({ error: 'must be an integer' }).optional(),
  )
  .meta({
    type: 'integer',
    minimum: 1,
    maximum: MAX_USERS_PAGE_SIZE,
    default: DEFAULT_PAGE_SIZE,
    description: 'The number of users to return.',
  });

/** The documentation of what users are searched for. @param rest of the description. */
export const searchMeta = (rest: string) => ({
  maxLength: MAX_SEARCH_LENGTH,
  description: `Returns only users for whom each word is the beginning of a word of their names, \`uid\` or \`email\`, or digits of their \`number\`; those
who have all words as whole words come first. At most ${MAX_SEARCH_WORDS} words. ${rest}`,
});

const dateParameter = (description: string) =>
  z.preprocess(spaceAsOffset, dateValue.optional()).meta({ type: 'string', format: 'date-time', description });

/** The parameters of `GET /users`. */
export const listQuery = z.object({
  limit,
  next_cursor: cursor('The cursor of the next page. It cannot be combined with `previous_cursor`.'),
  previous_cursor: cursor('The cursor of the previous page.'),
  email: z.preprocess(spaceAsPlus, email.unwrap().unwrap().optional()).meta({
    type: 'string',
    maxLength: MAX_EMAIL_LENGTH,
    description: 'Returns only users with this email address.',
  }),
  number: z.preprocess(emptyAsAbsent, number.optional()).meta({
    type: 'string',
    description: 'Returns only users with this phone number, in international format, with or without `+`.',
  }),
  search: userSearch.optional().meta(searchMeta('Without letters and digits, it matches all users.')),
  'lists[]': z
    .preprocess(
      (value) => (value === undefined ? undefined : [value].flat()),
      z
        .array(lowerCaseUuid)
        .max(MAX_LISTS_PER_INPUT, {
          error: ({ input }) => `must contain at most ${MAX_LISTS_PER_INPUT} lists; got ${lengthOfArray(input)}`,
        })
        .optional(),
    )
    .meta({
      description: 'Ids of lists: returns only users who are members of at least one of them, subscribed or not.',
    }),
  created_after: dateParameter('Returns only users whose `created_at` is at or after this date or Unix timestamp.'),
  created_before: dateParameter('Returns only users whose `created_at` is before this date or Unix timestamp.'),
});
