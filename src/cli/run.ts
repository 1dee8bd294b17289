import { Command, CommanderError } from 'commander';
import type { WithDatabase } from './database.ts';
import { describeFailure } from './output.ts';

const examples = `
Examples:
  npm run cli -- workspaces create "Acme Ltd"
  npm run cli -- keys create --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44
  npm run cli -- audit list --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44
  npm run --silent cli -- workspaces list --json

Set DATABASE_URL to the database, such as postgres://user:password@host:5432/usergraph.`;

type AddCommands = (program: Command, withDatabase: WithDatabase) => void;

const group = (program: Command, name: string, description: string) =>
  program.command(name).description(description).helpCommand(false);

/** The commands by their first word. A run loads only the modules of its own: 0.9 instead of 1.3 s of CPU time for `keys`. */
const commands: Readonly<Record<string, () => Promise<AddCommands>>> = {
  workspaces: async () => (await import('./workspaces.ts')).addWorkspaceCommands,
  keys: async () => (await import('./keys.ts')).addKeyCommands,
  audit: async () => (await import('./audit.ts')).addAuditCommands,
  users: async () => (await import('./users.ts')).addUserCommands,
  deletions: async () => (await import('./deletions.ts')).addDeletionCommands,
  attributes: async () => (await import('./attributes.ts')).addAttributeCommands,
  indexes: async () => (await import('./indexes.ts')).addIndexCommands,
  partitions: async () => (await import('./partitions.ts')).addPartitionCommands,
  distribute: async () => (await import('./distribute.ts')).addDistribute,
  import: async () => (await import('./import.ts')).addImportCommands,
  export: async () => {
    const [{ addExportCommands }, { addExportUser }] = [await import('./export.ts'), await import('./export-user.ts')];
    return (program, withDatabase) => {
      const exports = group(program, 'export', 'exports data of a workspace');
      addExportCommands(exports, withDatabase);
      addExportUser(exports, withDatabase);
    };
  },
  erase: async () => {
    const { addEraseUser } = await import('./erase-user.ts');
    return (program, withDatabase) => addEraseUser(group(program, 'erase', 'erases personal data'), withDatabase);
  },
};

/**
 * Runs a command. A failure prints one line to stderr, without a stack.
 * @param command its words, without those of Node, such as `['workspaces', 'list']`.
 * @returns the exit code.
 */
export async function runCommand(command: readonly string[], withDatabase: WithDatabase): Promise<number> {
  try {
    const program = await createProgram(command[0], withDatabase);
    await program.parseAsync(command, { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    process.stderr.write(`error: ${oneLine(describeFailure(error))}\n`);
    return 1;
  }
}

async function createProgram(first: string | undefined, withDatabase: WithDatabase): Promise<Command> {
  const program = new Command('npm run cli --')
    .description(
      'Manages workspaces, their API keys, declared attributes, optional indexes and partitions, distributes the tables, shows the audit trail, checks uids, imports and exports files, and erases users.',
    )
    .addHelpText('after', examples)
    .helpCommand(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`${oneLine(text)}\n`) });
  // Help and suggestions for an unknown command name all of them.
  const [own] = Object.entries(commands).flatMap(([name, load]) => (name === first ? [load] : []));
  for (const load of own ? [own] : Object.values(commands)) (await load())(program, withDatabase);
  return program;
}

function oneLine(text: string): string {
  return text.trim().replaceAll(/\s+/g, ' ');
}
