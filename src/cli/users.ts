import type { Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { checkUids, type UidFault } from '../domain/users/check-uids.ts';
import { listWorkspaces } from '../domain/workspaces/workspaces.ts';
import { findWorkspace, workspaceOption } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { examples, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

/** `users check-uids`, optionally with `--workspace ID`. */
export function addUserCommands(program: Command, withDatabase: WithDatabase): void {
  const users = program
    .command('users')
    .description('checks the uids of users')
    .helpCommand(false)
    .addHelpText('after', examples('users', 'check-uids'));

  users
    .command('check-uids')
    .description('lists users who cannot be found by their uid, because it is invalid or not in Unicode normal form C')
    .addOption(workspaceOption('check only this workspace').makeOptionMandatory(false))
    .option(...jsonOption)
    .addHelpText(
      'after',
      examples(
        'users',
        'check-uids',
        'check-uids --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44',
        'check-uids --json',
      ),
    )
    .action((options: OutputOptions & { workspace?: string }) => withDatabase((db) => check(db, options)));
}

async function check(db: DatabaseClient, options: OutputOptions & { workspace?: string }): Promise<void> {
  const { workspace } = options;
  const workspaces = workspace === undefined ? await listWorkspaces(db) : [await findWorkspace(db, workspace)];
  const faults: UidFault[] = [];
  for (const { id } of workspaces) faults.push(...(await checkUids(db, id)));
  const text = faults.length === 0 ? 'Every uid is valid and in Unicode normal form C.' : formatTable(faults);
  await print(options, faults, text);
}

function formatTable(faults: readonly UidFault[]): string {
  const rows = faults.map(({ workspaceId, id, uid, reason }) => [workspaceId, id, escaped(uid), reason]);
  return formatColumns(['WORKSPACE', 'USER', 'UID', 'REASON'], rows);
}

/** Formats a uid as an ASCII JSON string, so that invisible characters can be seen. */
function escaped(uid: string): string {
  const toEscape = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify(uid).replaceAll(/[^\x20-\x7e]/g, toEscape);
}
