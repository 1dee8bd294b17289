import type { Command } from 'commander';
import type { DatabaseClient } from '../db/client.ts';
import { listErasures, type PendingErasure, REMAINING_CAP } from '../domain/users/erasure.ts';
import { findWorkspace, workspaceOption } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface DeletionsOptions extends OutputOptions {
  workspace: string;
}

/** `deletions list`, with `--workspace ID`. */
export function addDeletionCommands(program: Command, withDatabase: WithDatabase): void {
  const deletions = program
    .command('deletions')
    .description('shows deleted users whose data is still being erased')
    .helpCommand(false)
    .addHelpText('after', example);

  deletions
    .command('list')
    .description(
      `lists deleted users whose data is being erased, oldest deletion first; remaining events are counted up to ${REMAINING_CAP}`,
    )
    .addOption(workspaceOption('workspace of the users'))
    .option(...jsonOption)
    .addHelpText('after', example)
    .action((options: DeletionsOptions) => withDatabase((db) => list(db, options)));
}

async function list(db: DatabaseClient, options: DeletionsOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const pending = await listErasures(db, workspace.id);
  await print(
    options,
    pending,
    pending.length === 0 ? 'No data of deleted users is left to erase.' : formatTable(pending),
  );
}

function formatTable(pending: readonly PendingErasure[]): string {
  const rows = pending.map(({ userId, requestedAt, erasedEvents, remainingEvents }) => [
    `${requestedAt.slice(0, 19)}Z`,
    userId,
    String(erasedEvents),
    String(remainingEvents),
  ]);
  return formatColumns(['DELETED', 'USER', 'ERASED', 'REMAINING'], rows);
}

const example = `
Example:
  npm run cli -- deletions list --workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44`;
