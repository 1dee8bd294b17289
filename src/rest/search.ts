import { z } from 'zod';
import type { Scope } from '../domain/shared/scopes.ts';
import { type UserFilter, userFilter } from '../domain/users/filter/input.ts';
import { userOrder } from '../domain/users/query.ts';
import { toRestSchema } from './derived-schema.ts';
import { cursor, limit, lowerCaseUuid } from './schemas.ts';

/** Levels of objects and lists in a filter, and values in it: bounds for validation, above what any valid filter has. */
const MAX_FILTER_LEVELS = 32;
const MAX_FILTER_VALUES = 20_000;

/** Why a filter is too large to be validated; undefined if it is not. Looks at no more than the limits allow. */
function excessIn(filter: unknown): string | undefined {
  const open: { value: unknown; level: number }[] = [{ value: filter, level: 1 }];
  let values = 1;
  for (let next = open.pop(); next; next = open.pop()) {
    if (typeof next.value !== 'object' || next.value === null) continue;
    if (next.level > MAX_FILTER_LEVELS) return `must have at most ${MAX_FILTER_LEVELS} levels of objects and lists`;
    const parts = Object.values(next.value);
    values += parts.length;
    if (values > MAX_FILTER_VALUES) return `must have at most ${MAX_FILTER_VALUES} values`;
    for (const value of parts) open.push({ value, level: next.level + 1 });
  }
  return undefined;
}

function rejectExcess(filter: unknown, context: z.RefinementCtx): unknown {
  const message = excessIn(filter);
  if (message === undefined) return filter;
  context.addIssue({ code: 'custom', params: { code: 'LIMIT_EXCEEDED' }, message });
  return z.NEVER;
}

const filterSchema = toRestSchema(userFilter({ list: lowerCaseUuid, segment: lowerCaseUuid }));

/** The body of `POST /users/search`. */
export const searchBody = z.object({
  where: z.preprocess(rejectExcess, filterSchema.nullish()).meta({
    description: 'Returns only users that match this filter. All users by default.',
  }),
  order_by: toRestSchema(userOrder).nullish().meta({ description: 'The order of the users; newest first by default.' }),
  limit,
  next_cursor: cursor(
    'The cursor of the next page, of a search with the same filter and order. It cannot be combined with `previous_cursor`.',
  ),
  previous_cursor: cursor('The cursor of the previous page, of a search with the same filter and order.'),
});

/** The scope that a filter requires for what it compares, in addition to `users:read`. */
const conditionScopes = {
  lists: 'lists:read',
  segments: 'segments:read',
  events: 'events:read',
} as const satisfies Partial<Record<keyof UserFilter, Scope>>;

/** The scopes that a filter requires, by the name of its field: results reveal what a filter compares. */
export function scopesOfFilter(filter: UserFilter): Map<string, Scope> {
  const own = Object.entries(conditionScopes).filter(([name]) => filter[name as keyof typeof conditionScopes] != null);
  const nested = [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not == null ? [] : [filter.not])];
  return new Map([...own, ...nested.flatMap((part) => [...scopesOfFilter(part)])]);
}
