import type { Command } from 'commander';
import { listKeys } from '../auth/keys.ts';
import { KEY_CACHE_MS } from '../auth/ttl-cache.ts';
import type { DatabaseClient } from '../db/client.ts';
import { countRows, deleteWorkspace, type RowCounts, requestDeletion } from '../domain/workspaces/delete.ts';
import { findWorkspace, workspaceArgument } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface DeleteOptions extends OutputOptions {
  yes?: boolean;
}

/** A second more than gateways cache keys, for reads of keys that were in flight when the deletion was requested. */
const SETTLE_MS = KEY_CACHE_MS + 1_000;

/** Rows between two lines of progress. */
const PROGRESS_ROWS = 100_000;

/**
 * A statement of a deletion may read the index entries of millions of deleted rows that autovacuum has not removed yet, and
 * waits for the erasure of deleted users.
 */
const TIMEOUTS = { statementMs: 300_000, lockMs: 60_000, poolWaitMs: 5_000, userQueueMs: 8_000 };

/** Adds `workspaces delete ID`. */
export function addDelete(workspaces: Command, withDatabase: WithDatabase): void {
  const command = 'npm run cli -- workspaces delete 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  workspaces
    .command('delete')
    .description('deletes a workspace with all of its data; without --yes, only counts what would be deleted')
    .addArgument(workspaceArgument())
    .option('--yes', 'delete; this cannot be undone')
    .option(...jsonOption)
    .addHelpText('after', `\nExamples:\n  ${command}\n  ${command} --yes`)
    .action((id: string, options: DeleteOptions) => withDatabase((db) => runDelete(db, id, options), TIMEOUTS));
}

async function runDelete(db: DatabaseClient, id: string, options: DeleteOptions): Promise<void> {
  const workspace = await findWorkspace(db, id);
  const counts = await countRows(db, id);
  const activeKeys = (await listKeys(db, id)).filter(({ state }) => state === 'active');
  const rows = `${workspace.name} (${id})\n\n${formatCounts(counts)}\n`;
  if (!options.yes) {
    await print(options, { ...workspace, activeKeys: activeKeys.length, counts, isDeleted: false }, rows);
    const warning = activeKeys.length > 0 ? ` ${activeKeys.length} active key(s) would stop working.` : '';
    throw new CliError(`Nothing was deleted.${warning} To delete the workspace, add --yes.`);
  }
  // Standard output gets the count before the work if it is text, and one JSON document otherwise.
  if (!options.json) await print(options, counts, rows);
  await requestDeletion(db, id);
  process.stderr.write(
    `Deleting ${workspace.name}. Its keys and tokens stop working within ${KEY_CACHE_MS / 1000} seconds. If this is interrupted, run the command again.\n`,
  );
  const deleted = await deleteWorkspace(db, id, { settleMs: SETTLE_MS, onProgress: createProgress() });
  const text = `Deleted ${workspace.name} (${id}).`;
  await print(options, { ...workspace, activeKeys: activeKeys.length, counts: deleted, isDeleted: true }, text);
}

/** Writes a line for each `PROGRESS_ROWS` deleted rows of a table. */
function createProgress(): (table: string, deleted: number) => void {
  const reported = new Map<string, number>();
  return (table, deleted) => {
    if (deleted - (reported.get(table) ?? 0) < PROGRESS_ROWS) return;
    reported.set(table, deleted);
    process.stderr.write(`${deleted} rows of ${table} deleted.\n`);
  };
}

function formatCounts(counts: RowCounts): string {
  const rows = Object.entries(counts).map(([table, count]) => [table.replaceAll('_', ' '), String(count)]);
  return formatColumns(['DATA', 'ROWS'], rows);
}
