import { Option } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { NotFoundError } from '../domain/errors.ts';
import { readWorkspace, type Workspace, workspaceId } from '../domain/workspaces/workspaces.ts';
import { parsedBy } from './arguments.ts';
import { CliError } from './failure.ts';

/** The option that says in which workspace a command works; it must be given. */
export function workspaceOption(description: string): Option {
  const option = new Option('--workspace <ID>', description);
  return option.argParser(parsedBy(workspaceId)).makeOptionMandatory();
}

/** @throws {CliError} when there is no such workspace. */
export function findWorkspace(db: DatabaseClient, id: string): Promise<Workspace> {
  return readWorkspace(db, id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`There is no workspace ${id}.`) : error;
  });
}
