import type { Command } from 'commander';
import { issueKey, listKeys, revokeKey, updateKey } from '../auth/keys.ts';
import { KEY_CACHE_MS } from '../auth/ttl-cache.ts';
import type { DatabaseClient } from '../db/client.ts';
import { type Scope, scopes } from '../domain/shared/scopes.ts';
import { findChangeableWorkspace, findWorkspace, type LimitOptions, limitOption, toLimits } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import {
  type ExpiryOptions,
  expiresAtOption,
  expiresInOption,
  explainUnknownKey,
  formatKeys,
  formatLimits,
  formatNewKey,
  type KeyOptions,
  keyArgument,
  keyExamples,
  keyWorkspaceOption,
  nameOption,
  scopesOption,
  toExpiry,
} from './key-options.ts';
import { CliError, jsonOption, print, shortInstant } from './output.ts';
import { addRotate } from './rotate-keys.ts';

const APPLIED_WITHIN = `Running gateways apply it within ${KEY_CACHE_MS / 1000} seconds.`;

interface UpdateOptions extends KeyOptions, ExpiryOptions {
  name?: string;
  scopes?: readonly Scope[];
}

type CreateOptions = UpdateOptions & LimitOptions & { scopes: readonly Scope[] };

/** `keys create`, `list`, `update`, `limit`, `rotate` and `revoke`, each with `--workspace ID`. */
export function addKeyCommands(program: Command, withDatabase: WithDatabase): void {
  const keys = program
    .command('keys')
    .description('creates, lists, changes, rotates and revokes the keys of a workspace')
    .helpCommand(false)
    .addHelpText(
      'after',
      keyExamples('create', 'list', 'rotate pk_Vd0x3yGmZ8cQb1TtUe5JkLwA', 'revoke pk_Vd0x3yGmZ8cQb1TtUe5JkLwA'),
    );

  addCreate(keys, withDatabase);
  addList(keys, withDatabase);
  addUpdate(keys, withDatabase);
  addLimit(keys, withDatabase);
  addRotate(keys, withDatabase);
  addRevoke(keys, withDatabase);
}

function addCreate(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('create')
    .description('creates a key; its secret is shown once')
    .addOption(keyWorkspaceOption())
    .addOption(nameOption())
    .addOption(scopesOption().default(scopes, 'all scopes'))
    .addOption(expiresInOption())
    .addOption(expiresAtOption())
    .addOption(limitOption('--rate-limit'))
    .addOption(limitOption('--rate-limit-public'))
    .option(...jsonOption)
    .addHelpText('after', `\nScopes: ${scopes.join(', ')}`)
    .addHelpText(
      'after',
      keyExamples(
        'create --name Backend',
        'create --scopes users:read,events:read --expires-in 90d',
        'create --rate-limit 600000',
      ),
    )
    .action((options: CreateOptions) => withDatabase((db) => create(db, options)));
}

function addList(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('list')
    .description('lists the keys of a workspace with their state, oldest first, including expired and revoked keys')
    .addOption(keyWorkspaceOption())
    .option(...jsonOption)
    .addHelpText('after', keyExamples('list', 'list --json'))
    .action((options: KeyOptions) => withDatabase((db) => list(db, options)));
}

function addUpdate(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('update')
    .description('changes the name, the scopes or the expiry of a key')
    .addArgument(keyArgument())
    .addOption(keyWorkspaceOption())
    .addOption(nameOption())
    .addOption(scopesOption())
    .addOption(expiresInOption())
    .addOption(expiresAtOption())
    .option(...jsonOption)
    .addHelpText('after', `\nScopes: ${scopes.join(', ')}`)
    .addHelpText(
      'after',
      keyExamples(
        'update pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --scopes events:write',
        'update pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --expires-at never',
      ),
    )
    .action((key: string, options: UpdateOptions) => withDatabase((db) => update(db, key, options)));
}

function addLimit(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('limit')
    .description('changes the rate limits of a key')
    .addArgument(keyArgument())
    .addOption(keyWorkspaceOption())
    .addOption(limitOption('--rate-limit'))
    .addOption(limitOption('--rate-limit-public'))
    .option(...jsonOption)
    .addHelpText('after', keyExamples('limit pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --rate-limit 600000'))
    .action((key: string, options: KeyOptions & LimitOptions) => withDatabase((db) => limit(db, key, options)));
}

function addRevoke(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('revoke')
    .description('revokes a key; this cannot be undone')
    .addArgument(keyArgument())
    .addOption(keyWorkspaceOption())
    .option(...jsonOption)
    .addHelpText('after', keyExamples('revoke pk_Vd0x3yGmZ8cQb1TtUe5JkLwA'))
    .action((key: string, options: KeyOptions) => withDatabase((db) => revoke(db, key, options)));
}

/** Prints the key before the transaction commits, so that a key whose secret could not be printed is not kept. */
async function create(db: DatabaseClient, options: CreateOptions): Promise<void> {
  const workspace = await findChangeableWorkspace(db, options.workspace);
  const { name } = options;
  const settings = { ...toLimits(options), name: name ?? null, expiresAt: toExpiry(options) ?? null };
  await db.$transaction(async (tx) => {
    const key = await issueKey(tx, workspace.id, options.scopes, settings);
    await print(options, key, formatNewKey(workspace, key));
  });
  process.stderr.write('Store the secret now: it cannot be shown again.\n');
}

async function list(db: DatabaseClient, options: KeyOptions): Promise<void> {
  const workspace = await findWorkspace(db, options.workspace);
  const keys = await listKeys(db, workspace.id);
  await print(options, keys, keys.length === 0 ? `${workspace.name} has no keys.` : formatKeys(keys));
}

async function update(db: DatabaseClient, publicKey: string, options: UpdateOptions): Promise<void> {
  const changes = { name: options.name, scopes: options.scopes, expiresAt: toExpiry(options) };
  if (Object.values(changes).every((change) => change === undefined)) {
    throw new CliError('Specify --name, --scopes, --expires-in or --expires-at.');
  }
  const workspace = await findChangeableWorkspace(db, options.workspace);
  const key = await explainUnknownKey(workspace, publicKey, updateKey(db, workspace.id, publicKey, changes));
  await print(options, key, `${formatKeys([key])}\n${APPLIED_WITHIN}`);
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
  const workspace = await findChangeableWorkspace(db, options.workspace);
  const key = await explainUnknownKey(workspace, publicKey, updateKey(db, workspace.id, publicKey, toLimits(options)));
  await print(options, key, `Points per minute of ${key.publicKey}: ${formatLimits(key)}. ${APPLIED_WITHIN}`);
}
