import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { listKeys } from '../auth/keys.ts';
import type { DatabaseClient } from '../db/client.ts';
import type { AuditEntry } from '../domain/changes/audit.ts';
import { readAudit } from '../domain/changes/audit.ts';
import {
  actor,
  auditLimit,
  auditSince,
  entryId,
  findWorkspace,
  schemaParser,
  userId,
  workspaceOption,
} from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface AuditOptions extends OutputOptions {
  workspace: string;
  user?: string;
  key?: string;
  since?: Date;
  before?: string;
  limit: number;
}

/** `audit list`, with `--workspace ID`. */
export function addAuditCommands(program: Command, withDatabase: WithDatabase): void {
  const audit = program
    .command('audit')
    .description('shows who wrote what in a workspace, and when')
    .helpCommand(false)
    .addHelpText('after', example('', ' --limit 10'));

  audit
    .command('list')
    .description('lists what was written, newest first')
    .addOption(workspaceOption('whose audit trail, as workspaces list shows it'))
    .addOption(option('--user <ID>', 'only what was about this user: their UUID', userId))
    .addOption(option('--key <KEY>', 'only by this key: its id or public half; or token: and a token’s subject', actor))
    .addOption(option('--since <TIME>', 'only from then on: 2026-01-31, or 2026-01-31T09:30:00Z', auditSince))
    .addOption(option('--before <ENTRY>', 'only what is older than the entry with this id: the next page', entryId))
    .addOption(option('--limit <N>', 'entries at the most, 1 to 1000', auditLimit).default(50))
    .option(...jsonOption)
    .addHelpText('after', example('', ' --user 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a45 --since 2026-01-31'))
    .action((options: AuditOptions) => withDatabase((db) => list(db, options)));
}

async function list(db: DatabaseClient, options: AuditOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const { user, key, since, before, limit } = options;
  const keyId = key === undefined ? undefined : await keyIdOf(db, workspace.id, key);
  const bound = before === undefined ? undefined : ({ side: 'older', key: before } as const);
  const filter = { userId: user, keyId, since };
  const { rows, hasNextPage } = await readAudit(db, workspace.id, filter, { size: limit, from: 'newest', bound });
  await print(options, rows, rows.length === 0 ? 'There are no such entries.' : formatTable(rows));
  if (hasNextPage) process.stderr.write(`There are older ones: --before ${rows.at(-1)?.id}\n`);
}

/** The id under which the audit trail has a key. @throws {CliError} when the workspace has no such public key. */
async function keyIdOf(db: DatabaseClient, workspaceId: string, key: string): Promise<string> {
  if (!key.startsWith('pk_')) return key;
  const found = (await listKeys(db, workspaceId)).find(({ publicKey }) => publicKey === key);
  if (!found) throw new CliError(`The workspace has no key ${key}.`);
  return found.id;
}

function option(flags: string, description: string, schema: z.ZodType): Option {
  return new Option(flags, description).argParser(schemaParser(schema));
}

function formatTable(entries: readonly AuditEntry[]): string {
  const rows = entries.map(({ at, keyId, action, userId, listId, eventId }) => [
    `${at.slice(0, 19)}Z`,
    keyId,
    action,
    userId ?? '-',
    listId ?? '-',
    eventId ?? '-',
  ]);
  return formatColumns(['AT', 'KEY', 'ACTION', 'USER', 'LIST', 'EVENT'], rows);
}

function example(...options: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return `\nExamples:\n${options.map((more) => `  npm run cli -- audit list ${workspace}${more}`).join('\n')}`;
}
