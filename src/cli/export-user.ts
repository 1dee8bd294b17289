import type { Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { printUserExport, startUserExport } from '../domain/transfer/export-user.ts';
import { commandLineIn } from './actor.ts';
import { findUser, findWorkspace, userArgument, workspaceOption } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { writePrivateFile } from './export-target.ts';
import { CliError, writeOutput } from './output.ts';

interface ExportUserOptions {
  workspace: string;
  out?: string;
}

/** Adds `export user UID`, with `--workspace ID` and `--out FILE`. */
export function addExportUser(exports: Command, withDatabase: WithDatabase): void {
  exports
    .command('user')
    .description('writes everything that is stored about one user as a JSON document, and records the export')
    .addArgument(userArgument())
    .addOption(workspaceOption('workspace of the user'))
    .option('--out <FILE>', 'the file to write, readable only by you; standard output by default')
    .addHelpText('after', example('', ' --out u1144.json'))
    .action((uid: string, options: ExportUserOptions) => withDatabase((db) => run(db, uid, options)));
}

async function run(db: DatabaseClient, uid: string, { workspace, out }: ExportUserOptions): Promise<void> {
  const { id: workspaceId } = await findWorkspace(db, workspace);
  const person = await findUser(db, workspaceId, uid);
  if (!person) throw new CliError(`The workspace has no user ${uid}.`);
  const text = printUserExport(await startUserExport(db, commandLineIn(workspaceId), person.uid));
  if (out === undefined) {
    for await (const piece of text) await writeOutput(piece);
    return;
  }
  await writePrivateFile(out, text);
  process.stderr.write(`Exported the user to ${out}.\n`);
}

function example(...options: string[]): string {
  const command = 'npm run --silent cli -- export user u1144 --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return `\nExamples:\n${options.map((suffix) => `  ${command}${suffix}`).join('\n')}`;
}
