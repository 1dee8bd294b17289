import { Command, CommanderError } from 'commander';
import { addAttributeCommands } from './attributes.ts';
import { addAuditCommands } from './audit.ts';
import type { WithDatabase } from './database.ts';
import { addDeletionCommands } from './deletions.ts';
import { addDistribute } from './distribute.ts';
import { addEraseUser } from './erase-user.ts';
import { addExportCommands } from './export.ts';
import { addExportUser } from './export-user.ts';
import { addImportCommands } from './import.ts';
import { addIndexCommands } from './indexes.ts';
import { addKeyCommands } from './keys.ts';
import { describeFailure } from './output.ts';
import { addPartitionCommands } from './partitions.ts';
import { addUserCommands } from './users.ts';
import { addWorkspaceCommands } from './workspaces.ts';

const examples = `
Examples:
  npm run cli -- workspaces create "Acme Ltd"
  npm run cli -- keys create --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44
  npm run cli -- audit list --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44
  npm run --silent cli -- workspaces list --json

Set DATABASE_URL to the database, such as postgres://user:password@host:5432/usergraph.`;

/**
 * Runs a command. A failure prints one line to stderr, without a stack.
 * @param command its words, without those of Node, such as `['workspaces', 'list']`.
 * @returns the exit code.
 */
export async function runCommand(command: readonly string[], withDatabase: WithDatabase): Promise<number> {
  try {
    await createProgram(withDatabase).parseAsync(command, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`error: ${oneLine(describeFailure(error))}\n`);
    return 1;
  }
}

function createProgram(withDatabase: WithDatabase): Command {
  const program = new Command('npm run cli --')
    .description(
      'Manages workspaces, their API keys, declared attributes, optional indexes and partitions, distributes the tables, shows the audit trail, checks uids, imports and exports files, and erases users.',
    )
    .addHelpText('after', examples)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  addWorkspaceCommands(program, withDatabase);
  addKeyCommands(program, withDatabase);
  addAuditCommands(program, withDatabase);
  addUserCommands(program, withDatabase);
  addDeletionCommands(program, withDatabase);
  addAttributeCommands(program, withDatabase);
  addIndexCommands(program, withDatabase);
  addPartitionCommands(program, withDatabase);
  addDistribute(program, withDatabase);
  addImportCommands(program, withDatabase);
  const group = (name: string, description: string) =>
    program.command(name).description(description).helpCommand(false);
  const exports = group('export', 'exports data of a workspace');
  addExportCommands(exports, withDatabase);
  addExportUser(exports, withDatabase);
  addEraseUser(group('erase', 'erases personal data'), withDatabase);
  return program;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
