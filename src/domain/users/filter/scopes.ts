import type { Scope } from '../../shared/scopes.ts';
import type { UserFilter } from './input.ts';

/** The scopes that fields of a filter require in addition to `users:read`: the users that match reveal what a filter compares. */
export const conditionScopes = {
  lists: 'lists:read',
  segments: 'segments:read',
  events: 'events:read',
} as const satisfies Partial<Record<keyof UserFilter, Scope>>;

const scopedFields = Object.keys(conditionScopes) as (keyof typeof conditionScopes)[];

/** The scopes that a filter requires, by the name of the field, whatever its value. */
export function scopesOfFilter(filter: UserFilter): Map<string, Scope> {
  const own = scopedFields.filter((name) => filter[name] != null).map((name) => [name, conditionScopes[name]] as const);
  const nested = [...(filter.and ?? []), ...(filter.or ?? []), ...(filter.not == null ? [] : [filter.not])];
  return new Map([...own, ...nested.flatMap((part) => [...scopesOfFilter(part)])]);
}
