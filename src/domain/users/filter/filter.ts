import type { Condition } from './condition.ts';
import { eventConditions } from './events.ts';
import type { UserFilter } from './input.ts';
import { all, any, not } from './logic.ts';
import { attributeConditions, type FindDeclared, fieldConditions } from './profile.ts';
import { relatedConditions } from './related.ts';

/**
 * Converts a filter to a condition. All parts of an object must hold; an empty filter holds for everybody.
 * @param findDeclared by default, no attribute is declared: that changes how users are found, but not which.
 */
export function toCondition(filter: UserFilter, findDeclared: FindDeclared = () => undefined): Condition {
  const nested = (part: UserFilter) => toCondition(part, findDeclared);
  return all([
    ...(filter.and ?? []).map(nested),
    ...(filter.or == null ? [] : [any(filter.or.map(nested))]),
    ...(filter.not == null ? [] : [not(nested(filter.not))]),
    ...fieldConditions(filter),
    ...attributeConditions(filter, findDeclared),
    ...relatedConditions(filter),
    ...eventConditions(filter),
  ]);
}
