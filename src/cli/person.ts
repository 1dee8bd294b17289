import { Argument } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { type Actor, COMMAND_LINE } from '../domain/shared/actor.ts';
import { readUsers } from '../domain/users/read.ts';
import { normalizeUid } from '../domain/users/uid.ts';
import type { User } from '../domain/users/user.ts';
import { rowId } from './arguments.ts';

/** The argument of commands for one user. */
export function personArgument(): Argument {
  return new Argument('UID', 'the uid of the user, or its id (a UUID)');
}

/** Whoever runs the command line, in a workspace. */
export const commandLineIn = (workspaceId: string): Actor => ({
  workspaceId,
  actorName: COMMAND_LINE,
  scopes: new Set(),
});

/** Finds a user by uid, or by id if no user has the uid. */
export async function findPerson(db: DatabaseClient, workspaceId: string, text: string): Promise<User | undefined> {
  const id = rowId.safeParse(text).data;
  const keys = [{ uid: normalizeUid(text) }, ...(id === undefined ? [] : [{ id }])];
  const users = await readUsers(db, workspaceId, keys);
  return users.find((user) => user !== undefined);
}
