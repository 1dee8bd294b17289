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

const WHOSE = 'whose keys, as workspaces list shows it';

/** What every command on keys takes. */
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
    .addOption(workspaceOption(WHOSE))
    .addOption(
      new Option('--scopes <LIST>', 'what the key may do, between commas')
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
    .description('lists the keys of a workspace, oldest first, revoked ones too')
    .addOption(workspaceOption(WHOSE))
    .option(...jsonOption)
    .addHelpText('after', example('list', 'list --json'))
    .action((options: KeyOptions) => withDatabase((db) => list(db, options)));
}

function addLimit(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('limit')
    .description('changes the points a minute that a key may spend')
    .addArgument(keyArgument())
    .addOption(workspaceOption(WHOSE))
    .addOption(limitOption('--rate-limit'))
    .addOption(limitOption('--rate-limit-public'))
    .option(...jsonOption)
    .addHelpText('after', example('limit pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --rate-limit 600000'))
    .action((key: string, options: KeyOptions & LimitOptions) => withDatabase((db) => limit(db, key, options)));
}

function addRevoke(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('revoke')
    .description('revokes a key for good')
    .addArgument(keyArgument())
    .addOption(workspaceOption(WHOSE))
    .option(...jsonOption)
    .addHelpText('after', example('revoke pk_Vd0x3yGmZ8cQb1TtUe5JkLwA'))
    .action((key: string, options: KeyOptions) => withDatabase((db) => revoke(db, key, options)));
}

/** In one transaction with the printing: a key whose secret nobody has seen is not kept. */
async function create(
  db: DatabaseClient,
  options: KeyOptions & LimitOptions & { scopes: readonly Scope[] },
): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  await db.$transaction(async (tx) => {
    const key = await createKey(tx, workspace.id, options.scopes, undefined, toLimits(options));
    const facts = [
      ['Workspace', workspace.name],
      ['Public key', key.publicKey],
      ['Secret', key.secret],
      ['Scopes', key.scopes.join(', ')],
      ['Points', formatLimits(key)],
    ];
    await print(options, key, facts.map(([name, value]) => `${name?.padEnd(10)}   ${value}`).join('\n'));
  });
  process.stderr.write('The secret is shown this once and cannot be read again: keep it now.\n');
}

async function list(db: DatabaseClient, options: KeyOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const keys = await listKeys(db, workspace.id);
  await print(options, keys, keys.length === 0 ? `${workspace.name} has no keys yet.` : formatTable(keys));
}

async function revoke(db: DatabaseClient, publicKey: string, options: KeyOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const key = await ofOneKey(workspace, publicKey, revokeKey(db, workspace.id, publicKey));
  const ends = `a running gateway may take it for another ${KEY_CACHE_MS / 1000} seconds`;
  await print(options, key, `Revoked ${key.publicKey} at ${shortInstant(key.revokedAt)}; ${ends}.`);
}

async function limit(db: DatabaseClient, publicKey: string, options: KeyOptions & LimitOptions): Promise<void> {
  if (options.rateLimit === undefined && options.rateLimitPublic === undefined) {
    throw new CliError('Give --rate-limit or --rate-limit-public, or both.');
  }
  const workspace = await findWorkspace(db, options.workspace);
  const key = await ofOneKey(workspace, publicKey, limitKey(db, workspace.id, publicKey, toLimits(options)));
  const ends = `in a running gateway within ${KEY_CACHE_MS / 1000} seconds`;
  await print(options, key, `Points a minute of ${key.publicKey}: ${formatLimits(key)}; ${ends}.`);
}

/** @throws {CliError} when the workspace has no such key. */
function ofOneKey({ name }: Workspace, publicKey: string, found: Promise<ApiKey>): Promise<ApiKey> {
  return found.catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`${name} has no key ${publicKey}.`) : error;
  });
}

function keyArgument(): Argument {
  return new Argument('PUBLIC_KEY', 'as the list shows it').argParser(schemaParser(publicKey));
}

function example(...commands: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return `\nExamples:\n${commands.map((command) => `  npm run cli -- keys ${command} ${workspace}`).join('\n')}`;
}

/** Keys as people read them, a line each. */
export function formatTable(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.publicKey,
    shortInstant(key.createdAt),
    shortInstant(key.revokedAt),
    formatLimits(key),
    key.scopes.length === scopes.length ? 'all' : key.scopes.join(', '),
  ]);
  return formatColumns(['PUBLIC KEY', 'CREATED', 'REVOKED', 'POINTS A MINUTE', 'SCOPES'], rows);
}

/** The limits of a key in words: with the secret, and with the public key alone. */
export function formatLimits({ rateLimit, rateLimitPublic }: ApiKey): string {
  const say = (points: number | null) => (points === 0 ? 'no limit' : (points ?? 'default'));
  return `${say(rateLimit)} / ${say(rateLimitPublic)}`;
}
