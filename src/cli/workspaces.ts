import { Argument, type Command } from 'commander';
import { MAX_WORKSPACE_NAME_LENGTH } from '../domain/shared/limits.ts';
import { createWorkspace, listWorkspaces, type Workspace, workspaceName } from '../domain/workspaces/workspaces.ts';
import { schemaParser } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { formatColumns, jsonOption, type OutputOptions, print, shortInstant } from './output.ts';

/** `workspaces create NAME`, `workspaces list`. */
export function addWorkspaceCommands(program: Command, withDatabase: WithDatabase): void {
  const command = program
    .command('workspaces')
    .description('creates and lists workspaces')
    .helpCommand(false)
    .addHelpText('after', example('create "Acme Ltd"', 'list'));

  command
    .command('create')
    .description('creates a workspace')
    .addArgument(
      new Argument('NAME', `the name of the workspace, 1 to ${MAX_WORKSPACE_NAME_LENGTH} characters`).argParser(
        schemaParser(workspaceName),
      ),
    )
    .option(...jsonOption)
    .addHelpText('after', example('create "Acme Ltd"', 'create --json "Acme Ltd"'))
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
    .addHelpText('after', example('list', 'list --json'))
    .action((options: OutputOptions) =>
      withDatabase(async (db) => {
        const workspaces = await listWorkspaces(db);
        const text = workspaces.length === 0 ? 'There are no workspaces.' : formatTable(workspaces);
        await print(options, workspaces, text);
      }),
    );
}

function formatTable(workspaces: readonly Workspace[]): string {
  const rows = workspaces.map(({ id, name, createdAt }) => [id, shortInstant(createdAt), name]);
  return formatColumns(['ID', 'CREATED', 'NAME'], rows);
}

function example(...commands: string[]): string {
  return `\nExamples:\n${commands.map((command) => `  npm run cli -- workspaces ${command}`).join('\n')}`;
}
