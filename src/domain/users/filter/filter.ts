import type { Condition } from './condition.ts';
import { eventConditions } from './events.ts';
import type { UserFilter } from './input.ts';
import { all, any, not } from './logic.ts';
import { attributeConditions, fieldConditions } from './profile.ts';
import { relatedConditions } from './related.ts';

/** Converts a filter to a condition. All parts of an object must hold; an empty filter holds for everybody. */
export function toCondition(filter: UserFilter): Condition {
  return all([
    ...(filter.and ?? []).map(toCondition),
    ...(filter.or == null ? [] : [any(filter.or.map(toCondition))]),
    ...(filter.not == null ? [] : [not(toCondition(filter.not))]),
    ...fieldConditions(filter),
    ...attributeConditions(filter),
    ...relatedConditions(filter),
    ...eventConditions(filter),
  ]);
}
