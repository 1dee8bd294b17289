import { z } from 'zod';
import type { Db } from '../db/client.ts';
import { readDevices } from '../domain/devices/read-devices.ts';
import type { Instant } from '../domain/instant.ts';
import { readListMemberships } from '../domain/lists/read-memberships.ts';
import { readSegmentMemberships } from '../domain/segments/read-memberships.ts';
import type { User } from '../domain/users/user.ts';

/** Attributes, for the document: zod cannot tell it what `domain/attributes.ts` checks. */
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
      .array(z.object({ token: z.string(), platform: z.enum(['android', 'ios']) }))
      .meta({ description: 'The last 5 devices, newest first.' }),
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
