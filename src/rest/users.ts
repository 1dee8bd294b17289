import { z } from 'zod';
import type { Db } from '../db/client.ts';
import { devicePlatforms, readDevices } from '../domain/devices/device.ts';
import type { NewEvent } from '../domain/events/inputs.ts';
import { readListMemberships } from '../domain/lists/memberships.ts';
import { readSegmentMemberships } from '../domain/segments/memberships.ts';
import { canReadUsers } from '../domain/shared/actor.ts';
import type { Instant } from '../domain/shared/instant.ts';
import { MAX_DEVICES } from '../domain/shared/limits.ts';
import type { NewUser, UserUpdate } from '../domain/users/inputs.ts';
import type { User } from '../domain/users/user.ts';
import type { RestContext } from './operation.ts';
import type { createBody, eventBody, Profile, updateBody } from './schemas.ts';

/** Attributes, for the document: zod cannot tell it what `domain/shared/attributes.ts` checks. */
export const attributesSchema = z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]));

/** The seed document's user object. */
export const userObject = z
  .object({
    id: z.string().meta({ description: 'A unique internal identifier for the user object.' }),
    uid: z.string().meta({ description: 'The user’s unique identifier in your application.' }),
    uid_updateable: z.literal(true).optional().meta({
      description: 'Present, and true, where no id was attached to the user at creation: `uid` may still be set, once.',
    }),
    first_name: z.string().nullable().meta({ description: 'Null where it is not known.' }),
    last_name: z.string().nullable().meta({ description: 'Null where it is not known.' }),
    number: z.string().nullable().meta({ description: 'Phone number as E.164. Null where it is not known.' }),
    email: z.string().nullable().meta({ description: 'Null where it is not known.' }),
    devices: z
      .array(z.object({ token: z.string(), platform: z.enum(devicePlatforms) }))
      .meta({ description: `The last ${MAX_DEVICES} devices, newest first.` }),
    lists: z
      .array(z.object({ id: z.string(), subscribed: z.boolean() }))
      .meta({ description: 'The lists that the user belongs to.' }),
    segments: z
      .array(z.object({ id: z.string(), suppressed: z.boolean() }))
      .meta({ description: 'The segments that the user belongs to; suppressed ones send them no broadcasts.' }),
    meta: attributesSchema.meta({ description: 'Additional attributes; at most 200 of them, and 32 KB in all.' }),
    created_at: z.string().meta({ description: 'When they signed up in your application.', format: 'date-time' }),
  })
  .meta({ id: 'User', description: 'A user, as far as the caller may see them.' });

export type UserObject = z.output<typeof userObject>;

/** An instant as the seed document writes it. */
export const instant = (given: Instant) => given.replace('Z', '+00:00');

/** Turns users into the seed's user objects, with one statement for each kind of thing in them. */
export async function readUserObjects(db: Db, workspaceId: string, users: readonly User[]): Promise<UserObject[]> {
  const ids = users.map(({ id }) => id);
  const [devices, lists, segments] = await Promise.all([
    readDevices(db, workspaceId, ids),
    readListMemberships(db, workspaceId, ids),
    readSegmentMemberships(db, workspaceId, ids),
  ]);
  return users.map((user) => ({
    id: user.id,
    uid: user.uid,
    ...(user.uidUpdateable ? { uid_updateable: true as const } : {}),
    first_name: user.firstName,
    last_name: user.lastName,
    number: user.number,
    email: user.email,
    devices: (devices.get(user.id) ?? []).map(({ token, platform }) => ({ token, platform })),
    lists: (lists.get(user.id) ?? []).map(({ list, subscribed }) => ({ id: list.id, subscribed })),
    segments: (segments.get(user.id) ?? []).map(({ segment, suppressed }) => ({ id: segment.id, suppressed })),
    meta: user.meta,
    created_at: instant(user.createdAt),
  }));
}

/** What creations and updates answer. */
export const answeredUser = userObject
  .partial()
  .required({ uid: true })
  .meta({ id: 'AnsweredUser', description: 'The user; with the public key alone, `uid` and what was sent.' });

/**
 * The answer to a creation or an update: to a caller who may read users, the user as they are now; to any other, their uid and the
 * request's own values. Those are not read back, so that an answer cannot contain what others have stored, also where it repeats one
 * of hours ago.
 * @param input what the body says, checked.
 */
export async function userAnswer(
  { db, viewer }: RestContext,
  user: User,
  input: NewUser | UserUpdate,
): Promise<Partial<UserObject>> {
  if (!canReadUsers(viewer)) return asSent(input);
  const [current] = await readUserObjects(db, viewer.workspaceId, [user]);
  if (!current) throw new Error('A user has become no object.');
  return current;
}

/** What a body says, as it is stored. What counts as left out is left out; of a creation, a `created_at` of null. */
function asSent({ uid, firstName, lastName, number, email, meta, device, createdAt, ...rest }: NewUser | UserUpdate) {
  const listIds = 'listIds' in rest ? rest.listIds : undefined;
  const sent: Partial<UserObject> & { uid: string } = { uid };
  if (firstName !== undefined) sent.first_name = firstName;
  if (lastName !== undefined) sent.last_name = lastName;
  if (number !== undefined) sent.number = number;
  if (email !== undefined) sent.email = email;
  if (device) sent.devices = [device];
  // Newest first, as memberships are read.
  if (listIds !== undefined)
    sent.lists = [...new Set(listIds)]
      .sort()
      .reverse()
      .map((id) => ({ id, subscribed: true }));
  if (meta !== undefined) sent.meta = meta ?? {};
  if (createdAt) sent.created_at = instant(createdAt.toISOString());
  return sent;
}

const deviceOf = ({ device_token: token, device_platform: platform }: Profile) =>
  token != null && platform != null ? { token, platform } : undefined;

const profileOf = (body: Profile) => ({
  firstName: body.first_name,
  lastName: body.last_name,
  number: body.number,
  email: body.email,
  meta: body.meta,
  device: deviceOf(body),
});

/** A creation in the domain's words. */
export const toNewUser = ({ id, lists, created_at, ...body }: z.output<typeof createBody>): NewUser => ({
  uid: id,
  ...profileOf(body),
  listIds: lists,
  createdAt: created_at,
});

/** An update in the domain's words. */
export const toUserUpdate = (uid: string, { created_at, ...body }: z.output<typeof updateBody>): UserUpdate => ({
  uid,
  ...profileOf(body),
  createdAt: created_at,
});

/** An event in the domain's words. */
export const toNewEvent = (uid: string, { event, ...body }: z.output<typeof eventBody>): NewEvent => ({
  uid,
  name: event,
  ...body,
});

/** The answer of an operation that has nothing to tell. */
export const okObject = z.object({ status: z.literal('ok') }).meta({ id: 'Ok', description: 'It is done.' });
