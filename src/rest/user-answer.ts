import { canReadUsers } from '../domain/actor.ts';
import type { NewUser, UserUpdate } from '../domain/users/inputs.ts';
import type { User } from '../domain/users/user.ts';
import type { RestContext } from './operation.ts';
import { instant, readUserObjects, type UserObject, userObject } from './user-object.ts';

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
