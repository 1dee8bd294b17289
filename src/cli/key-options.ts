import { Argument, Option } from 'commander';
import { z } from 'zod';
import { type ApiKey, type KeySettings, keyName } from '../auth/keys.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { scopes } from '../domain/shared/scopes.ts';
import type { Workspace } from '../domain/workspaces/workspaces.ts';
import { publicKey, schemaParser, scopeList, time, workspaceOption } from './arguments.ts';
import { CliError, examples, formatColumns, type OutputOptions, shortInstant } from './output.ts';

/** Options of every `keys` command. */
export interface KeyOptions extends OutputOptions {
  workspace: string;
}

/** The required option `--workspace` of every `keys` command. */
export const keyWorkspaceOption = () => workspaceOption('workspace of the keys');

/** The argument of commands for one key. */
export function keyArgument(): Argument {
  return new Argument('PUBLIC_KEY', 'the public key, such as pk_demo').argParser(schemaParser(publicKey));
}

/** The option that names a key. */
export function nameOption(): Option {
  return new Option('--name <NAME>', 'what the key is used for, such as Website').argParser(schemaParser(keyName));
}

/** The option that sets the scopes of a key. */
export function scopesOption(): Option {
  return new Option('--scopes <LIST>', 'comma-separated scopes of the key').argParser(schemaParser(scopeList));
}

const SECONDS_PER_UNIT = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 3_600],
  ['d', 86_400],
  ['w', 604_800],
]);

const MAX_DURATION_DAYS = 3_650;

/** A duration such as `24h`, in ms. @param zero whether `0` is accepted. */
const duration = (zero: 'accepted' | 'rejected') =>
  z.string().transform((text, context): number => {
    if (text === '0' && zero === 'accepted') return 0;
    const [, count, unit = ''] = /^(\d{1,9})([smhdw])$/.exec(text) ?? [];
    const ms = Number(count) * (SECONDS_PER_UNIT.get(unit) ?? 0) * 1_000;
    if (ms > 0 && ms <= MAX_DURATION_DAYS * 86_400_000) return ms;
    const values = `an integer with a unit (s, m, h, d or w), such as 30m, 24h or 90d, up to ${MAX_DURATION_DAYS}d`;
    context.addIssue({ code: 'custom', message: `must be ${zero === 'accepted' ? '0, or ' : ''}${values}` });
    return z.NEVER;
  });

/** When a key expires: a future date or time, or `never`. */
const expiryTime = z.string().transform((text, context): Date | 'never' => {
  if (text === 'never') return text;
  const { data, error } = time.safeParse(text);
  if (data && data > new Date()) return data;
  const messages = error ? error.issues.map(({ message }) => message) : ['must be in the future'];
  for (const message of messages) context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** Options that set the expiry of a key. Commander does not accept null from a parser, so `never` stands for it. */
export interface ExpiryOptions {
  expiresIn?: number;
  expiresAt?: Date | 'never';
}

/** `--expires-in`, which excludes `--expires-at`. */
export function expiresInOption(): Option {
  const option = new Option('--expires-in <DURATION>', 'the key expires after a duration, such as 12h or 90d');
  return option.argParser(schemaParser(duration('rejected'))).conflicts('expiresAt');
}

/** `--expires-at`. */
export function expiresAtOption(): Option {
  const option = new Option('--expires-at <TIME>', 'the key expires at a date or time, such as 2026-01-31; or never');
  return option.argParser(schemaParser(expiryTime));
}

/** Converts expiry options: null stands for a key that does not expire, undefined leaves the expiry unchanged. */
export function toExpiry({ expiresIn, expiresAt }: ExpiryOptions): KeySettings['expiresAt'] {
  if (expiresIn !== undefined) return new Date(Date.now() + expiresIn);
  return expiresAt === 'never' ? null : expiresAt;
}

/** `--overlap`, in ms, and 24 hours by default. */
export function overlapOption(): Option {
  const option = new Option(
    '--overlap <DURATION>',
    'how long the previous credentials stay valid, such as 30m or 7d; 0: not at all',
  );
  return option.argParser(schemaParser(duration('accepted'))).default(86_400_000, '24h');
}

/** Converts the error for an unknown key. @throws {CliError} */
export function explainUnknownKey<Result>(
  { name }: Workspace,
  publicKey: string,
  result: Promise<Result>,
): Promise<Result> {
  return result.catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`${name} has no key ${publicKey}.`) : error;
  });
}

/** Examples for the help of `keys` commands. */
export function keyExamples(...commands: string[]): string {
  const workspace = '--workspace 0199b6a1-7c55-7d1f-a1ce-0d1c5b2f8a44';
  return examples('keys', ...commands.map((command) => `${command} ${workspace}`));
}

/** Formats keys as a table. */
export function formatKeys(keys: readonly ApiKey[]): string {
  const rows = keys.map((key) => [
    key.publicKey,
    key.name ?? '-',
    formatState(key),
    shortInstant(key.createdAt),
    shortInstant(key.expiresAt),
    formatLimits(key),
    formatScopes(key),
  ]);
  return formatColumns(['PUBLIC KEY', 'NAME', 'STATE', 'CREATED', 'EXPIRES', 'POINTS PER MINUTE', 'SCOPES'], rows);
}

/** Formats a key, of which the secret is known, as lines. */
export function formatNewKey({ name: workspace }: Workspace, key: ApiKey & { secret: string }): string {
  const lines = [
    ['Workspace', workspace],
    ['Public key', key.publicKey],
    ['Secret', key.secret],
    ['Name', key.name ?? '-'],
    ['Scopes', key.scopes.join(', ')],
    ['Expires', key.expiresAt ? shortInstant(key.expiresAt) : 'never'],
    ['Rate limit', formatLimits(key)],
  ];
  return lines.map(([title, value]) => `${title?.padEnd(10)}   ${value}`).join('\n');
}

function formatState({ state, revokedAt, expiresAt, previousSecretExpiresAt }: ApiKey): string {
  if (revokedAt) return `revoked ${shortInstant(revokedAt)}`;
  if (state === 'expired' || !previousSecretExpiresAt || previousSecretExpiresAt <= new Date()) return state;
  const end = expiresAt && expiresAt < previousSecretExpiresAt ? expiresAt : previousSecretExpiresAt;
  return `active; previous secret until ${shortInstant(end)}`;
}

/** Formats the rate limits of a key: with the secret / with the public key alone. */
export function formatLimits({ rateLimit, rateLimitPublic }: ApiKey): string {
  const format = (points: number | null) => (points === 0 ? 'no limit' : (points ?? 'default'));
  return `${format(rateLimit)} / ${format(rateLimitPublic)}`;
}

function formatScopes(key: ApiKey): string {
  return key.scopes.length === scopes.length ? 'all' : key.scopes.join(', ');
}
