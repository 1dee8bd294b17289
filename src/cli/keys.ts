import { Argument, type Command, Option } from 'commander';
import { type ApiKey, createKey, limitKey, listKeys, revokeKey } from '../auth/keys.ts';
import { KEY_CACHE_MS } from '../auth/ttl-cache.ts';
import type { DatabaseClient } from '../db/client.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { type Scope, scopes } from '../domain/shared/scopes.ts';
import type { Workspace } from '../domain/workspaces/workspaces.ts';
import {
  findWorkspace,
  type LimitOptions,
  limitOption,
  publicKey,
  schemaParser,
  scopeList,
  toLimits,
  workspaceOption,
} from './arguments.ts';
import type { WithDatabase } from './database.ts';
import { CliError, formatColumns, jsonOption, type OutputOptions, print, shortInstant } from './output.ts';

const WORKSPACE_DESCRIPTION = 'workspace of the keys';

/** Options of every `keys` command. */
interface KeyOptions extends OutputOptions {
  workspace: string;
}

/** `keys create`, `keys list`, `keys limit PUBLIC_KEY`, `keys revoke PUBLIC_KEY`, each with `--workspace ID`. */
export function addKeyCommands(program: Command, withDatabase: WithDatabase): void {
  const keys = program
    .command('keys')
    .description('creates, lists, limits and revokes the keys of a workspace')
    .helpCommand(false)
    .addHelpText('after', example('create', 'list', 'revoke pk_Vd0x3yGmZ8cQb1TtUe5JkLwA'));

  addCreate(keys, withDatabase);
  addList(keys, withDatabase);
  addLimit(keys, withDatabase);
  addRevoke(keys, withDatabase);
}

function addCreate(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('create')
    .description('creates a key; its secret is shown once')
    .addOption(workspaceOption(WORKSPACE_DESCRIPTION))
    .addOption(
      new Option('--scopes <LIST>', 'comma-separated scopes of the key')
        .argParser(schemaParser(scopeList))
        .default(scopes, 'all scopes'),
    )
    .addOption(limitOption('--rate-limit'))
    .addOption(limitOption('--rate-limit-public'))
    .option(...jsonOption)
    .addHelpText('after', `\nScopes: ${scopes.join(', ')}`)
    .addHelpText('after', example('create', 'create --scopes users:read,events:read', 'create --rate-limit 600000'))
    .action((options: KeyOptions & LimitOptions & { scopes: readonly Scope[] }) =>
      withDatabase((db) => create(db, options)),
    );
}

function addList(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('list')
    .description('lists the keys of a workspace, oldest first, including revoked keys')
    .addOption(workspaceOption(WORKSPACE_DESCRIPTION))
    .option(...jsonOption)
    .addHelpText('after', example('list', 'list --json'))
    .action((options: KeyOptions) => withDatabase((db) => list(db, options)));
}

function addLimit(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('limit')
    .description('changes the rate limits of a key')
    .addArgument(keyArgument())
    .addOption(workspaceOption(WORKSPACE_DESCRIPTION))
    .addOption(limitOption('--rate-limit'))
    .addOption(limitOption('--rate-limit-public'))
    .option(...jsonOption)
    .addHelpText('after', example('limit pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --rate-limit 600000'))
    .action((key: string, options: KeyOptions & LimitOptions) => withDatabase((db) => limit(db, key, options)));
}

function addRevoke(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('revoke')
    .description('revokes a key; this cannot be undone')
    .addArgument(keyArgument())
    .addOption(workspaceOption(WORKSPACE_DESCRIPTION))
    .option(...jsonOption)
    .addHelpText('after', example('revoke pk_Vd0x3yGmZ8cQb1TtUe5JkLwA'))
    .action((key: string, options: KeyOptions) => withDatabase((db) => revoke(db, key, options)));
}

/** Prints the key before the transaction commits, so that a key whose secret could not be printed is not kept. */
async function create(
  db: DatabaseClient,
  options: KeyOptions & LimitOptions & { scopes: readonly Scope[] },
): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  await db.$transaction(async (tx) => {
    const key = await createKey(tx, workspace.id, options.scopes, undefined, toLimits(options));
    const lines = [
      ['Workspace', workspace.name],
      ['Public key', key.publicKey],
      ['Secret', key.secret],
      ['Scopes', key.scopes.join(', ')],
      ['Rate limit', formatLimits(key)],
    ];
    await print(options, key, lines.map(([name, value]) => `${name?.padEnd(10)}   ${value}`).join('\n'));
  });
  process.stderr.write('Store the secret now: it cannot be shown again.\n');
}

async function list(db: DatabaseClient, options: KeyOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const keys = await listKeys(db, workspace.id);
  await print(options, keys, keys.length === 0 ? `${workspace.name} has no keys.` : formatTable(keys));
}

async function revoke(db: DatabaseClient, publicKey: string, options: KeyOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const key = await explainUnknownKey(workspace, publicKey, revokeKey(db, workspace.id, publicKey));
  const delay = `Running gateways may accept it for up to ${KEY_CACHE_MS / 1000} more seconds.`;
  await print(options, key, `Revoked ${key.publicKey} at ${shortInstant(key.revokedAt)}. ${delay}`);
}

async function limit(db: DatabaseClient, publicKey: string, options: KeyOptions & LimitOptions): Promise<void> {
  if (options.rateLimit === undefined && options.rateLimitPublic === undefined) {
    throw new CliError('Specify --rate-limit, --rate-limit-public, or both.');
  }
  const workspace = await findWorkspace(db, options.workspace);
  const key = await explainUnknownKey(workspace, publicKey, limitKey(db, workspace.id, publicKey, toLimits(options)));
  const delay = `Running gateways apply it within ${KEY_CACHE_MS / 1000} seconds.`;
  await print(options, key, `Points per minute of ${key.publicKey}: ${formatLimits(key)}. ${delay}`);
}

/** Converts the error for an unknown key. @throws {CliError} */
function explainUnknownKey({ name }: Workspace, publicKey: string, key: Promise<ApiKey>): Promise<ApiKey> {
  return key.catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`${name} has no key ${publicKey}.`) : error;
  });
}

function keyArgument(): Argument {
  return new Argument('PUBLIC_KEY', 'the public key, such as pk_demo').argParser(schemaParser(publicKey));
}

function example(...commands: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return `\nExamples:\n${commands.map((command) => `  npm run cli -- keys ${command} ${workspace}`).join('\n')}`;
}

function formatTable(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.publicKey,
    shortInstant(key.createdAt),
    shortInstant(key.revokedAt),
    formatLimits(key),
    key.scopes.length === scopes.length ? 'all' : key.scopes.join(', '),
  ]);
  return formatColumns(['PUBLIC KEY', 'CREATED', 'REVOKED', 'POINTS PER MINUTE', 'SCOPES'], rows);
}

/** Formats the rate limits of a key: with the secret / with the public key alone. */
function formatLimits({ rateLimit, rateLimitPublic }: ApiKey): string {
  const format = (points: number | null) => (points === 0 ? 'no limit' : (points ?? 'default'));
  return `${format(rateLimit)} / ${format(rateLimitPublic)}`;
}
