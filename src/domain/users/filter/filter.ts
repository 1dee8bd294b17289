import type { Condition } from './condition.ts';
import { eventConditions } from './events.ts';
import type { UserFilter } from './input.ts';
import { all, any, not } from './logic.ts';
import { attributeConditions, type FindRange, fieldConditions } from './profile.ts';
import { relatedConditions } from './related.ts';

/**
 * Converts a filter to a condition. All parts of an object must hold; an empty filter holds for everybody.
 * @param findRange by default, no attribute is declared: that changes how users are found, but not which. It is not called for what is
 * negated, which no range finds.
 */
export function toCondition(filter: UserFilter, findRange: FindRange = () => undefined): Condition {
  const nested = (part: UserFilter) => toCondition(part, findRange);
  return all([
    ...(filter.and ?? []).map(nested),
    ...(filter.or == null ? [] : [any(filter.or.map(nested))]),
    ...(filter.not == null ? [] : [not(toCondition(filter.not))]),
    ...fieldConditions(filter),
    ...attributeConditions(filter, findRange),
    ...relatedConditions(filter),
    ...eventConditions(filter),
  ]);
}
