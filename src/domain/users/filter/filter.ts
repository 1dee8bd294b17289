import { standardIndexes } from '../../../db/indexes/catalogue.ts';
import type { Condition, ConditionOptions } from './condition.ts';
import { eventConditions } from './events.ts';
import type { UserFilter } from './input.ts';
import { all, any, not } from './logic.ts';
import { attributeConditions, fieldConditions } from './profile.ts';
import { relatedConditions } from './related.ts';

/**
 * Converts a filter to a condition. All parts of an object must hold; an empty filter holds for all users.
 * @param options for a migrated database without declared attributes, if omitted. They change how users are found, but not which.
 */
export function toCondition(filter: UserFilter, options: ConditionOptions = { indexes: standardIndexes }): Condition {
  const convert = (part: UserFilter) => toCondition(part, options);
  return all([
    ...(filter.and ?? []).map(convert),
    ...(filter.or == null ? [] : [any(filter.or.map(convert))]),
    ...(filter.not == null ? [] : [not(toCondition(filter.not, { ...options, findRange: undefined }))]),
    ...fieldConditions(filter, options),
    ...attributeConditions(filter, options),
    ...relatedConditions(filter),
    ...eventConditions(filter, options),
  ]);
}
