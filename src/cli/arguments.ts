import { InvalidArgumentError, Option } from 'commander';
import { z } from 'zod';
import type { KeyLimits } from '../auth/keys.ts';
import { pointsPerMinute } from '../config/values.ts';
import type { DatabaseClient } from '../db/client.ts';
import { NotFoundError } from '../domain/shared/errors.ts';
import { instant } from '../domain/shared/instant.ts';
import { isScope, type Scope, scopes } from '../domain/shared/scopes.ts';
import { readWorkspace, type Workspace, workspaceId } from '../domain/workspaces/workspaces.ts';
import { CliError } from './output.ts';

/** An argument's parser for commander out of a schema. */
export function schemaParser<Schema extends z.ZodType>(schema: Schema): (text: string) => z.output<Schema> {
  return (text) => {
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    throw new InvalidArgumentError(`It ${parsed.error.issues.map(({ message }) => message).join(', and it ')}.`);
  };
}

/** The option that says in which workspace a command works; it must be given. */
export function workspaceOption(description: string): Option {
  const option = new Option('--workspace <ID>', description);
  return option.argParser(schemaParser(workspaceId)).makeOptionMandatory();
}

/** @throws {CliError} when there is no such workspace. */
export function findWorkspace(db: DatabaseClient, id: string): Promise<Workspace> {
  return readWorkspace(db, id).catch((error: unknown) => {
    throw error instanceof NotFoundError ? new CliError(`There is no workspace ${id}.`) : error;
  });
}

/** Scopes between commas; one named twice counts once. */
export const scopeList = z.string().transform((text, context): Scope[] => {
  const named = [...new Set(text.split(',').flatMap((part) => part.trim() || []))];
  const unknown = named.filter((part) => !isScope(part));
  if (named.length > 0 && unknown.length === 0) return named.filter(isScope);
  const fault = unknown.length > 0 ? `names no scope with "${unknown.join('", "')}"` : 'must name a scope at least';
  context.addIssue({ code: 'custom', message: `${fault}; the scopes are ${scopes.join(', ')}` });
  return z.NEVER;
});

/** The half of a key that may be shown. */
export const publicKey = z.string().regex(/^pk_[\w-]{1,97}$/, { error: 'must be a public key, such as pk_demo' });

/** Points a minute, or `default` for the gateway's own. */
export const rateLimit = z.string().transform((text, context): number | 'default' => {
  const points = pointsPerMinute.safeParse(text);
  if (text === 'default' || points.success) return points.data ?? 'default';
  context.addIssue({ code: 'custom', message: 'must be default, 0 for no limit, or a whole number from 2' });
  return z.NEVER;
});

const uuid = z.uuid({ error: 'must be a UUID' });

/** A user's id. */
export const userId = uuid;

/** An audit entry's id. */
export const entryId = uuid;

/** An actor: a key by its id or its public half, or whoever showed a token, by `token:` and its subject. */
export const actor = z.union([z.uuid().toLowerCase(), z.string().regex(/^(?:pk_|token:.)/)], {
  error: 'must be a key’s id, its public half (pk_…), or token: and a token’s subject',
});

/** A date, whose day begins in UTC, or a time with an offset. */
export const auditSince = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], {
    error: 'must be a date, such as 2026-01-31, or a time, such as 2026-01-31T09:30:00Z',
  })
  .transform((text) => new Date(text))
  .pipe(instant);

/** How many entries a command shows. */
export const auditLimit = z.coerce
  .number({ error: 'must be a whole number' })
  .int({ error: 'must be a whole number' })
  .min(1, { error: 'must be 1 at least' })
  .max(1000, { error: 'must be 1000 at most' });

/** Points a minute, as they are given. Commander takes no null out of a parser. */
export type LimitOptions = { [Limit in keyof KeyLimits]: number | 'default' };

/** The limits that options ask for: null for the default, nothing for one that is to stay. */
export function toLimits({ rateLimit, rateLimitPublic }: LimitOptions): KeyLimits {
  const toPoints = (given: number | 'default' | undefined) => (given === 'default' ? null : given);
  return { rateLimit: toPoints(rateLimit), rateLimitPublic: toPoints(rateLimitPublic) };
}

/** The option that sets the points of one way in. */
export function limitOption(flag: '--rate-limit' | '--rate-limit-public'): Option {
  const whose = flag === '--rate-limit' ? 'with the secret' : 'with the public key alone';
  const option = new Option(`${flag} <POINTS>`, `points a minute ${whose}; 0: no limit; default: as configured`);
  return option.argParser(schemaParser(rateLimit));
}
