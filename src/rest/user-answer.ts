import type { NewUser } from '../domain/users/inputs.ts';
import type { User } from '../domain/users/user.ts';
import type { RestContext } from './operation.ts';
import { instant, readUserObjects, type UserObject, userObject } from './user-object.ts';

/** What creations and updates answer. */
export const answeredUser = userObject
  .partial()
  .required({ uid: true })
  .meta({ id: 'AnsweredUser', description: 'The user; with the public key alone, `uid` and what was sent.' });

/**
 * The answer to a creation or an update. A caller who may not read users gets `uid` and what they sent, as it is
 * kept; never what others have stored.
 * @param replayed what they have asked for, where the user was made by an earlier call and may have been changed since.
 */
export async function userAnswer(
  { db, viewer }: RestContext,
  user: User,
  body: Readonly<Record<string, unknown>>,
  replayed?: NewUser,
): Promise<Partial<UserObject>> {
  const [current] = await readUserObjects(db, viewer.workspaceId, [user]);
  if (!current) throw new Error('A user has become no object.');
  if (viewer.scopes.has('users:read')) return current;
  const object = replayed ? asCreated(current, replayed) : current;
  const sent = Object.keys(body).filter((key) => body[key] !== undefined);
  const names = new Set<string>(['uid', ...sent]);
  const visible: Partial<UserObject> = Object.fromEntries(
    Object.entries(object).filter(([key]) => names.has(key) && key !== 'id'),
  );
  return { ...visible, ...onlySent(object, body) };
}

/** A user as they were when they were created. */
function asCreated(user: UserObject, input: NewUser): UserObject {
  const listIds = [...new Set(input.listIds)].sort().reverse();
  return {
    ...user,
    first_name: input.firstName ?? null,
    last_name: input.lastName ?? null,
    number: input.number ?? null,
    email: input.email ?? null,
    meta: input.meta ?? {},
    devices: input.device ? [input.device] : [],
    lists: listIds.map((id) => ({ id, subscribed: true })),
    created_at: input.createdAt ? instant(input.createdAt.toISOString()) : user.created_at,
  };
}

/** Of devices, lists and attributes, the elements that were sent. */
function onlySent(object: UserObject, body: Readonly<Record<string, unknown>>): Partial<UserObject> {
  const { meta, lists, device_token: token } = body;
  return {
    ...(meta ? { meta: pick(object.meta, Object.keys(meta)) } : {}),
    ...(token ? { devices: object.devices.filter((device) => device.token === token) } : {}),
    ...(Array.isArray(lists) ? { lists: object.lists.filter(({ id }) => lists.includes(id)) } : {}),
  };
}

function pick(attributes: UserObject['meta'], keys: string[]): UserObject['meta'] {
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => keys.includes(key)));
}
