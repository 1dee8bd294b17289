import { findKey } from '../auth/keys.ts';
import type { DatabaseClient } from '../db/client.ts';
import { type Actor, COMMAND_LINE, nameOfKey } from '../domain/shared/actor.ts';
import { isScope, scopes } from '../domain/shared/scopes.ts';
import { findChangeableWorkspace } from './arguments.ts';
import { CliError } from './output.ts';

/** Options that name a workspace: itself, or one of its keys. */
export interface ActorOptions {
  workspace?: string;
  key?: string;
}

/**
 * The actor of a command: `cli` in a workspace, or an API key.
 * @throws {CliError} if the options name none, or several.
 */
export async function findActor(db: DatabaseClient, { workspace, key }: ActorOptions): Promise<Actor> {
  if (key === undefined) {
    if (workspace === undefined) throw new CliError('Specify --workspace or --key.');
    const { id } = await findChangeableWorkspace(db, workspace);
    return commandLineIn(id);
  }
  const found = (await findKey(db, key)).filter(
    ({ workspaceId }) => workspace === undefined || workspaceId === workspace,
  );
  const [first, second] = found;
  if (!first) throw new CliError(`The key ${key} does not exist.`);
  if (second) throw new CliError(`Several workspaces have the key ${key}; specify --workspace too.`);
  if (first.state !== 'active') throw new CliError(`The key ${key} is ${first.state}.`);
  const { id } = await findChangeableWorkspace(db, first.workspaceId);
  return { workspaceId: id, actorName: nameOfKey(first.id), scopes: new Set(first.scopes.filter(isScope)) };
}

/** Whoever runs the command line, in a workspace. */
export const commandLineIn = (workspaceId: string): Actor => ({
  workspaceId,
  actorName: COMMAND_LINE,
  scopes: new Set(scopes),
});
