import type { Command } from 'commander';
import type { NewKey } from '../auth/keys.ts';
import { type Rotation, replaceKey, rotateSecret } from '../auth/rotate-keys.ts';
import { KEY_CACHE_MS } from '../auth/ttl-cache.ts';
import type { DatabaseClient, Models } from '../db/client.ts';
import { findChangeableWorkspace } from './arguments.ts';
import type { WithDatabase } from './database.ts';
import {
  type ExpiryOptions,
  expiresAtOption,
  expiresInOption,
  explainUnknownKey,
  formatNewKey,
  type KeyOptions,
  keyArgument,
  keyExamples,
  keyWorkspaceOption,
  overlapOption,
  toExpiry,
} from './key-options.ts';
import { jsonOption, print, shortInstant } from './output.ts';

interface RotateOptions extends KeyOptions, ExpiryOptions {
  /** In ms. */
  overlap: number;
  /** Whether the public key is replaced as well. */
  publicKey?: boolean;
}

/** Adds `keys rotate PUBLIC_KEY`. */
export function addRotate(keys: Command, withDatabase: WithDatabase): void {
  keys
    .command('rotate')
    .description('gives a key a new secret, which is shown once; the previous secret stays valid for an overlap')
    .addArgument(keyArgument())
    .addOption(keyWorkspaceOption())
    .addOption(overlapOption())
    .option(
      '--public-key',
      'replace the public key as well: creates a key with the same name, scopes and limits; the previous key expires after the overlap',
    )
    .addOption(expiresInOption())
    .addOption(expiresAtOption())
    .option(...jsonOption)
    .addHelpText(
      'after',
      keyExamples(
        'rotate pk_Vd0x3yGmZ8cQb1TtUe5JkLwA',
        'rotate pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --overlap 0',
        'rotate pk_Vd0x3yGmZ8cQb1TtUe5JkLwA --public-key --overlap 90d',
      ),
    )
    .action((key: string, options: RotateOptions) => withDatabase((db) => rotate(db, key, options)));
}

/** The credentials after a rotation, and those before it with the time at which they stop working. */
type RotatedKey = NewKey & { previous: { publicKey: string; expiresAt: Date } };

/** Prints the secret before the transaction commits, so that a secret that could not be printed does not replace another. */
async function rotate(db: DatabaseClient, publicKey: string, options: RotateOptions): Promise<void> {
  const workspace = await findChangeableWorkspace(db, options.workspace);
  await db.$transaction(async (tx) => {
    const key = await explainUnknownKey(workspace, publicKey, rotateKey(tx, workspace.id, publicKey, options));
    await print(options, key, `${formatNewKey(workspace, key)}\n${describeOverlap(key, options)}`);
  });
  process.stderr.write('Store the secret now: it cannot be shown again.\n');
}

function describeOverlap({ previous }: RotatedKey, { overlap, publicKey }: RotateOptions): string {
  const replaced = publicKey ? `key ${previous.publicKey}` : 'secret';
  const delay = `Within ${KEY_CACHE_MS / 1000} seconds, running gateways accept the new secret`;
  if (overlap === 0) return `${delay} and reject the previous ${publicKey ? replaced : 'one'}.`;
  return `${delay}. The previous ${replaced} is valid until ${shortInstant(previous.expiresAt)}.`;
}

async function rotateKey(
  tx: Models,
  workspaceId: string,
  publicKey: string,
  options: RotateOptions,
): Promise<RotatedKey> {
  const end = new Date(Date.now() + options.overlap);
  const rotation: Rotation = { previousExpiresAt: options.overlap === 0 ? null : end, expiresAt: toExpiry(options) };
  if (options.publicKey) {
    const { key, replaced } = await replaceKey(tx, workspaceId, publicKey, rotation);
    return { ...key, previous: { publicKey, expiresAt: replaced.expiresAt ?? end } };
  }
  const key = await rotateSecret(tx, workspaceId, publicKey, rotation);
  return { ...key, previous: { publicKey, expiresAt: key.expiresAt && key.expiresAt < end ? key.expiresAt : end } };
}
