import { z } from 'zod';
import type { Scope } from '../domain/shared/scopes.ts';
import { type UserFilter, userFilter } from '../domain/users/filter/input.ts';
import { userOrder } from '../domain/users/query.ts';
import { toRestSchema } from './derived-schema.ts';
import { cursor, limit, lowerCaseUuid } from './schemas.ts';

const filterSchema = toRestSchema(userFilter({ list: lowerCaseUuid, segment: lowerCaseUuid }));

/** The body of `POST /users/search`. */
export const searchBody = z.object({
  where: filterSchema.nullish().meta({
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
