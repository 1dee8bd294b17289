import { Argument, InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { KeyLimits } from '../auth/keys.ts';
import { MAX_POINTS_PER_MINUTE, pointsPerMinute, wholeNumber } from '../config/values.ts';
import type { DatabaseClient } from '../db/client.ts';
import { parseChangeId } from '../domain/changes/change.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { instant } from '../domain/shared/instant.ts';
import { isScope, type Scope, scopes } from '../domain/shared/scopes.ts';
import { readUsers } from '../domain/users/read.ts';
import { normalizeUid } from '../domain/users/uid.ts';
import type { User } from '../domain/users/user.ts';
import { readWorkspace, type Workspace, workspaceId } from '../domain/workspaces/workspaces.ts';
import { CliError } from './output.ts';

/** Creates a parser of arguments for commander from a schema. Its errors contain the schema's messages. */
export function schemaParser<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`It ${parsed.error.issues.map(({ message }) => message).join(' and ')}.`);
  };
}

/** The required option `--workspace`. */
export function workspaceOption(description: string): Option {
  const option = new Option('--workspace <ID>', `${description}; "workspaces list" shows the ids`);
  return option.argParser(schemaParser(workspaceId)).makeOptionMandatory();
}

/** The argument of commands for one workspace. */
export function workspaceArgument(): Argument {
  return new Argument('ID', 'the workspace; "workspaces list" shows the ids').argParser(schemaParser(workspaceId));
}

/** The argument of commands for one user. */
export function userArgument(): Argument {
  return new Argument('UID', 'the uid of the user, or its id (a UUID)');
}

/** Finds a user by uid, or by id if no user has the uid. */
export async function findUser(db: DatabaseClient, workspaceId: string, text: string): Promise<User | undefined> {
  const id = rowId.safeParse(text).data;
  const keys = [{ uid: normalizeUid(text) }, ...(id === undefined ? [] : [{ id }])];
  const users = await readUsers(db, workspaceId, keys);
  return users.find((user) => user !== undefined);
}

/** @throws {CliError} if the workspace does not exist. */
export function findWorkspace(db: DatabaseClient, id: string): Promise<Workspace> {
  return readWorkspace(db, id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`Workspace ${id} does not exist.`) : error;
  });
}

/** @throws {CliError} if the workspace does not exist, or is being deleted. */
export async function findChangeableWorkspace(db: DatabaseClient, id: string): Promise<Workspace> {
  const workspace = await findWorkspace(db, id);
  if (!workspace.deletionRequestedAt) return workspace;
  throw new CliError(`${workspace.name} is being deleted. Continue with workspaces delete ${id} --yes.`);
}

/** Comma-separated scopes. Duplicates are ignored. */
export const scopeList = z.string().transform((text, context): Scope[] => {
  const names = [...new Set(text.split(',').flatMap((part) => part.trim() || []))];
  const unknown = names.filter((name) => !isScope(name));
  if (names.length > 0 && unknown.length === 0) return names.filter(isScope);
  const problem = unknown.length > 0 ? `contains unknown scopes: ${unknown.join(', ')}` : 'must contain a scope';
  context.addIssue({ code: 'custom', message: `${problem}; the scopes are ${scopes.join(', ')}` });
  return z.NEVER;
});

export const publicKey = z.string().regex(/^pk_[\w-]{1,97}$/, { error: 'must be a public key, such as pk_demo' });

/** Points per minute, or `default` for the gateway's default. */
export const rateLimit = z.string().transform((text, context): number | 'default' => {
  const points = pointsPerMinute.safeParse(text);
  if (text === 'default' || points.success) return points.data ?? 'default';
  const message = `must be "default", 0 (no limit), or an integer from 2 to ${MAX_POINTS_PER_MINUTE}`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

/** The id of a user. */
export const rowId = z.uuid({ error: 'must be a UUID' });

/** The id of an audit entry. */
export const changeId = z.string().refine((text) => parseChangeId(text) !== undefined, {
  error: 'must be the id of an entry, such as 71234-5678',
});

/** An actor of the audit trail: a key id, a public key, `token:` and the subject of a token, `cli`, or `segments`. */
export const actor = z.union([z.uuid().toLowerCase(), z.string().regex(/^(?:pk_|token:.|cli$|segments$)/)], {
  error: 'must be a key id, a public key (pk_…), cli, segments, or token:<subject>',
});

/** A date, which stands for midnight UTC, or a time with an offset. */
export const time = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a date, such as 2026-01-31, or a time, such as 2026-01-31T09:30:00Z',
  })
  .transform((text) => new Date(text))
  .pipe(instant);

/** Maximum number of audit entries that a command prints. */
export const MAX_AUDIT_LIMIT = 1000;

export const auditLimit = wholeNumber(1, MAX_AUDIT_LIMIT);

/** Parsed rate-limit options. Commander does not accept null from a parser, so `default` stands for it. */
export type LimitOptions = { [Limit in keyof KeyLimits]: number | 'default' };

/** Converts rate-limit options: null resets a limit to the default, undefined leaves it unchanged. */
export function toLimits({ rateLimit, rateLimitPublic }: LimitOptions): KeyLimits {
  const toPoints = (option: number | 'default' | undefined) => (option === 'default' ? null : option);
  return { rateLimit: toPoints(rateLimit), rateLimitPublic: toPoints(rateLimitPublic) };
}

/** An option that sets a rate limit. */
export function limitOption(flag: '--rate-limit' | '--rate-limit-public'): Option {
  const credential = flag === '--rate-limit' ? 'with the secret' : 'with the public key alone';
  const option = new Option(
    `${flag} <POINTS>`,
    `points per minute ${credential}; 0: no limit; default: the gateway’s default`,
  );
  return option.argParser(schemaParser(rateLimit));
}
