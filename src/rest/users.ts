import { z } from 'zod';
import type { ReadDb } from '../db/client.ts';
import { readDevices } from '../domain/devices/device.ts';
import { readListSubscriptions } from '../domain/lists/memberships.ts';
import { readSegmentSuppressions } from '../domain/segments/memberships.ts';
import { canReadUsers } from '../domain/shared/actor.ts';
import type { Instant } from '../domain/shared/instant.ts';
import { MAX_DEVICES, metaLimits } from '../domain/shared/limits.ts';
import type { NewUser, UserUpdate } from '../domain/users/inputs.ts';
import type { User } from '../domain/users/user.ts';
import { ignoredAttributes } from './ignored-input.ts';
import type { Example, RestContext } from './operation.ts';
import { platform } from './schemas.ts';

/** Attributes, for the OpenAPI document: Zod cannot derive it from the function that checks them. */
const attributesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** The user object of the REST reference. */
export const userObject = z
  .object({
    id: z.string().meta({ description: 'The internal identifier of the user object.' }),
    uid: z.string().meta({ description: 'The user’s identifier in your application.' }),
    uid_updateable: z.literal(true).optional().meta({
      description: 'Present only if true: the user was created without an id, and `uid` can be set once.',
    }),
    first_name: z.string().nullable().meta({ description: 'Null if unknown.' }),
    last_name: z.string().nullable().meta({ description: 'Null if unknown.' }),
    number: z.string().nullable().meta({ description: 'The phone number in E.164 format. Null if unknown.' }),
    email: z.string().nullable().meta({ description: 'Null if unknown.' }),
    is_account: z
      .boolean()
      .meta({ description: 'Whether the user is an account, such as a company, instead of a person.' }),
    tz: z.string().nullable().meta({ description: 'The time zone as an IANA name. Null if unknown.' }),
    app_version: z.string().nullable().meta({ description: 'The version of your app. Null if unknown.' }),
    app_build: z.string().nullable().meta({ description: 'The build of your app. Null if unknown.' }),
    app_last_active: z
      .string()
      .nullable()
      .meta({ description: 'When the user last used your app. Null if unknown.', format: 'date-time' }),
    devices: z
      .array(z.object({ token: z.string(), platform }))
      .meta({ description: `The user’s last ${MAX_DEVICES} devices, newest first.` }),
    lists: z
      .array(z.object({ id: z.string(), subscribed: z.boolean() }))
      .meta({ description: 'The lists that the user belongs to.' }),
    segments: z
      .array(z.object({ id: z.string(), suppressed: z.boolean() }))
      .meta({ description: 'The segments that the user belongs to. Suppressed members get no broadcasts.' }),
    meta: attributesSchema.meta({
      description: `Additional attributes: up to ${metaLimits.keys} keys and ${metaLimits.bytes / 1024} KB.`,
    }),
    created_at: z.string().meta({ description: 'When the user signed up in your application.', format: 'date-time' }),
  })
  .meta({ id: 'User', description: 'A user.' });

type UserObject = z.output<typeof userObject>;

/** The values that the examples of the REST reference do not have. */
const noApp = { is_account: false, tz: null, app_version: null, app_build: null, app_last_active: null };

/** The user of "The User object" in the REST reference. */
export const exampleUser: UserObject = {
  id: '0176f50e-e282-7383-8ffa-b83c2458bb2a',
  uid: 'a.jinadu@somecorp.email',
  uid_updateable: true,
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  number: null,
  email: 'a.jinadu@somecorp.email',
  ...noApp,
  devices: [],
  lists: [],
  segments: [],
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
};

export const userExamples: Record<string, Example> = {
  user: { summary: 'A user imported by an integration', value: exampleUser },
};

/** The user of "Create a User" in the REST reference, as returned to a caller with the public key alone. */
export const createdUserAsSent = {
  uid: 'u144',
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  email: 'a.jinadu@somecorp.email',
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
};

/** The same user, as returned to a caller with the secret. */
export const createdUser: UserObject = {
  id: '01a207b0-3b9e-77eb-a202-9ade15d3ea6b',
  ...createdUserAsSent,
  ...noApp,
  number: null,
  devices: [],
  lists: [],
  segments: [],
};

/** The response to creations and updates. */
export const writtenUser = userObject
  .partial()
  .required({ uid: true })
  .extend({ ignored: ignoredAttributes })
  .meta({ id: 'AnsweredUser', description: 'The user; with the public key alone, only `uid` and the fields sent.' });

/** The response of operations without a result. */
export const okObject = z
  .object({ status: z.literal('ok') })
  .meta({ id: 'Ok', description: 'The operation succeeded.' });

export const okExamples: Record<string, Example> = { ok: { summary: 'Success', value: { status: 'ok' } } };

/** An instant in the format of the REST reference. */
export const toRestInstant = (instant: Instant) => instant.replace('Z', '+00:00');

/** Converts users to user objects, with one statement for each of their relations. */
export async function readUserObjects(db: ReadDb, workspaceId: string, users: readonly User[]): Promise<UserObject[]> {
  const ids = users.map(({ id }) => id);
  const [devices, lists, segments] = await Promise.all([
    readDevices(db, workspaceId, ids),
    readListSubscriptions(db, workspaceId, ids),
    readSegmentSuppressions(db, workspaceId, ids),
  ]);
  return users.map((user) => ({
    id: user.id,
    uid: user.uid,
    ...(user.uidUpdateable ? { uid_updateable: true as const } : {}),
    first_name: user.firstName,
    last_name: user.lastName,
    number: user.number,
    email: user.email,
    is_account: user.isAccount,
    tz: user.timeZone,
    app_version: user.appVersion,
    app_build: user.appBuild,
    app_last_active: user.appLastActiveAt && toRestInstant(user.appLastActiveAt),
    devices: (devices.get(user.id) ?? []).map((device) => ({ token: device.token, platform: device.platform })),
    lists: (lists.get(user.id) ?? []).map(({ listId, subscribed }) => ({ id: listId, subscribed })),
    segments: (segments.get(user.id) ?? []).map(({ segmentId, suppressed }) => ({ id: segmentId, suppressed })),
    meta: user.meta,
    created_at: toRestInstant(user.createdAt),
  }));
}

/**
 * The response to a creation or an update. Callers who can read users get the current user. All others get the uid and
 * the values of their own request, without reading the database, so the response cannot contain data that others have
 * stored, even for a retry with an idempotency key hours later.
 */
export async function respondWithUser(
  { db, viewer }: RestContext,
  user: User,
  input: NewUser | UserUpdate,
): Promise<Partial<UserObject>> {
  if (!canReadUsers(viewer)) return sentFields(input);
  const [current] = await readUserObjects(db, viewer.workspaceId, [user]);
  if (!current) throw new Error('readUserObjects returned no object for a user.');
  return current;
}

/** Every field of the user object; JSON omits undefined ones. */
type SentFields = { [Name in keyof Required<UserObject>]: UserObject[Name] | undefined };

/** The fields of an input as they are stored; undefined if they were not sent. A `created_at` of null counts as omitted. */
function sentFields(input: NewUser | UserUpdate): SentFields {
  const { isAccount, appLastActiveAt, listIds, device, createdAt } = input;
  return {
    id: undefined,
    uid: input.uid,
    uid_updateable: undefined,
    first_name: input.firstName,
    last_name: input.lastName,
    number: input.number,
    email: input.email,
    is_account: isAccount === null ? false : isAccount,
    tz: input.timeZone,
    app_version: input.appVersion,
    app_build: input.appBuild,
    app_last_active: appLastActiveAt && toRestInstant(appLastActiveAt.toISOString()),
    devices: device ? [device] : undefined,
    lists: listIds?.length ? sentLists(listIds) : undefined,
    segments: undefined,
    meta: input.meta === null ? {} : input.meta,
    created_at: createdAt ? toRestInstant(createdAt.toISOString()) : undefined,
  };
}

/** The memberships in the lists of an input: newest first, like stored ones. */
function sentLists(listIds: readonly string[]): UserObject['lists'] {
  const newestFirst = [...new Set(listIds)].sort().reverse();
  return newestFirst.map((id) => ({ id, subscribed: true }));
}
