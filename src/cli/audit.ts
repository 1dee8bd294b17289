import { type Command, Option } from 'commander';
import type { z } from 'zod';
import { type ApiKey, listKeys } from '../auth/keys.ts';
import type { DatabaseClient } from '../db/client.ts';
import { readAudit } from '../domain/changes/audit.ts';
import type { Change } from '../domain/changes/change.ts';
import { SEGMENTS } from '../domain/shared/actor.ts';
import {
  actor,
  auditLimit,
  changeId,
  findWorkspace,
  MAX_AUDIT_LIMIT,
  rowId,
  schemaParser,
  time,
  workspaceOption,
} from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, examples, formatColumns, jsonOption, type OutputOptions, print } from './output.ts';

interface AuditOptions extends OutputOptions {
  workspace: string;
  user?: string;
  key?: string;
  since?: Date;
  before?: string;
  segments?: boolean;
  limit: number;
}

/** `audit list`, with `--workspace ID`. */
export function addAuditCommands(program: Command, withDatabase: WithDatabase): void {
  const audit = program
    .command('audit')
    .description('shows the audit trail of a workspace')
    .helpCommand(false)
    .addHelpText('after', example('', ' --limit 10'));

  audit
    .command('list')
    .description('lists audit entries, newest first')
    .addOption(workspaceOption('workspace of the audit trail'))
    .addOption(option('--user <ID>', 'only entries about this user; a UUID', rowId))
    .addOption(
      option('--key <KEY>', 'only entries by this key id, public key, token:<subject>, cli, or segments', actor),
    )
    .addOption(option('--since <TIME>', 'only entries since a date or time, such as 2026-01-31', time))
    .addOption(option('--before <ENTRY>', 'only entries older than the entry with this id (next page)', changeId))
    .option('--segments', 'also entries into and exits from segments')
    .addOption(option('--limit <N>', `maximum number of entries, 1 to ${MAX_AUDIT_LIMIT}`, auditLimit).default(50))
    .option(...jsonOption)
    .addHelpText('after', example('', ' --user 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a45 --since 2026-01-31'))
    .action((options: AuditOptions) => withDatabase((db) => list(db, options)));
}

async function list(db: DatabaseClient, options: AuditOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const { user, key, since, before, segments, limit } = options;
  const keys = await listKeys(db, workspace.id);
  const keyId = key === undefined ? undefined : resolveKeyId(keys, key);
  const withComputed = segments || keyId === SEGMENTS;
  const filter = { userId: user, keyId, since, withComputed };
  const { rows, hasMore } = await readAudit(db, workspace.id, filter, { size: limit, before });
  const publicKeys = new Map(keys.map(({ id, publicKey }) => [id, publicKey]));
  const entries = rows.map((entry) => ({ ...entry, publicKey: publicKeys.get(entry.keyId) ?? null }));
  await print(options, entries, rows.length === 0 ? 'No entries match.' : formatTable(entries, publicKeys));
  if (hasMore) process.stderr.write(`More entries follow. Show the next page with --before ${rows.at(-1)?.id}\n`);
}

/**
 * Resolves a public key to the key id that the audit trail contains; returns other values unchanged.
 * @throws {CliError} if the workspace does not have the public key.
 */
function resolveKeyId(keys: readonly ApiKey[], key: string): string {
  if (!key.startsWith('pk_')) return key;
  const match = keys.find(({ publicKey }) => publicKey === key);
  if (!match) throw new CliError(`The workspace has no key ${key}.`);
  return match.id;
}

function option(flags: string, description: string, schema: z.ZodType): Option {
  return new Option(flags, description).argParser(schemaParser(schema));
}

/** An entry with the public key of its actor; null unless that is a key. */
type ListedEntry = Change & { publicKey: string | null };

function formatTable(entries: readonly ListedEntry[], publicKeys: ReadonlyMap<string, string>): string {
  const rows = entries.map(({ at, keyId, publicKey, action, userId, listId, eventId, segmentId, apiKeyId }) => [
    `${at.slice(0, 19)}Z`,
    publicKey ?? keyId,
    action,
    userId ?? '-',
    listId ?? '-',
    eventId ?? '-',
    segmentId ?? '-',
    apiKeyId === null ? '-' : (publicKeys.get(apiKeyId) ?? apiKeyId),
  ]);
  return formatColumns(['AT', 'ACTOR', 'ACTION', 'USER', 'LIST', 'EVENT', 'SEGMENT', 'KEY'], rows);
}

function example(...options: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return examples('audit', ...options.map((suffix) => `list ${workspace}${suffix}`));
}
