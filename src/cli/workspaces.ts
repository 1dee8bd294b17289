import { Argument, type Command } from 'commander';
import { MAX_WORKSPACE_NAME_LENGTH } from '../domain/shared/limits.ts';
import {
  createWorkspace,
  listWorkspaces,
  renameWorkspace,
  type Workspace,
  workspaceName,
} from '../domain/workspaces/workspaces.ts';
import { findChangeableWorkspace, schemaParser, workspaceArgument } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { addDelete } from './delete-workspace.ts';
import { examples, formatColumns, jsonOption, type OutputOptions, print, shortInstant } from './output.ts';

/** `workspaces create NAME`, `list`, `rename ID NAME` and `delete ID`. */
export function addWorkspaceCommands(program: Command, withDatabase: WithDatabase): void {
  const command = program
    .command('workspaces')
    .description('creates, lists, renames and deletes workspaces')
    .helpCommand(false)
    .addHelpText('after', examples('workspaces', 'create "Acme Ltd"', 'list'));

  command
    .command('create')
    .description('creates a workspace')
    .addArgument(nameArgument())
    .option(...jsonOption)
    .addHelpText('after', examples('workspaces', 'create "Acme Ltd"', 'create --json "Acme Ltd"'))
    .action((name: string, options: OutputOptions) =>
      withDatabase(async (db) => {
        const workspace = await createWorkspace(db, name);
        await print(options, workspace, formatTable([workspace]));
      }),
    );

  command
    .command('list')
    .description('lists all workspaces, oldest first')
    .option(...jsonOption)
    .addHelpText('after', examples('workspaces', 'list', 'list --json'))
    .action((options: OutputOptions) =>
      withDatabase(async (db) => {
        const workspaces = await listWorkspaces(db);
        const text = workspaces.length === 0 ? 'There are no workspaces.' : formatTable(workspaces);
        await print(options, workspaces, text);
      }),
    );

  command
    .command('rename')
    .description('renames a workspace')
    .addArgument(workspaceArgument())
    .addArgument(nameArgument())
    .option(...jsonOption)
    .addHelpText('after', examples('workspaces', 'rename 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44 "Acme Inc"'))
    .action((id: string, name: string, options: OutputOptions) =>
      withDatabase(async (db) => {
        await findChangeableWorkspace(db, id);
        const workspace = await renameWorkspace(db, id, name);
        await print(options, workspace, formatTable([workspace]));
      }),
    );

  addDelete(command, withDatabase);
}

function nameArgument(): Argument {
  const argument = new Argument('NAME', `the name of the workspace, 1 to ${MAX_WORKSPACE_NAME_LENGTH} characters`);
  return argument.argParser(schemaParser(workspaceName));
}

function formatTable(workspaces: readonly Workspace[]): string {
  const rows = workspaces.map(({ id, name, createdAt, deletionRequestedAt }) => [
    id,
    shortInstant(createdAt),
    deletionRequestedAt ? `${name} (being deleted since ${shortInstant(deletionRequestedAt)})` : name,
  ]);
  return formatColumns(['ID', 'CREATED', 'NAME'], rows);
}
