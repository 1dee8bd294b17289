import { z } from 'zod';
import { pointsAMinute } from '../config/values.ts';
import { isScope, type Scope, scopes } from '../domain/scopes.ts';

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
  const points = pointsAMinute.safeParse(text);
  if (text === 'default' || points.success) return points.data ?? 'default';
  context.addIssue({ code: 'custom', message: 'must be default, 0 for no limit, or a whole number from 2' });
  return z.NEVER;
});
