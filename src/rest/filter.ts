import { isJsonObject } from '../domain/shared/attributes.ts';
import { ForbiddenError, LimitExceededError } from '../domain/shared/errors.ts';
import { scopesOfFilter, type UserFilter, userFilter } from '../domain/users/filter/input.ts';
import { costOfQuery, filterExcess, measureFilter } from '../domain/users/filter/size.ts';
import { COMPLEXITY_PER_UNIT_OF_WORK } from '../http/limits/load-shedding.ts';
import { toRestSchema } from './derived-schema.ts';
import type { RawRequest } from './ignored-input.ts';
import type { RestContext } from './operation.ts';
import { lowerCaseUuid } from './schemas.ts';

/** The filter for users, with names in snake case and UUIDs as ids of lists and segments. */
export const filterSchema = toRestSchema(userFilter({ list: lowerCaseUuid, segment: lowerCaseUuid }));

/**
 * Rejects a filter that exceeds the limits, before it is validated.
 * @throws {LimitExceededError} naming what exceeds them.
 */
export function checkFilterSize({ limits }: RestContext, { body }: RawRequest): void {
  const excess = isJsonObject(body) ? filterExcess(measureFilter(body.where), limits) : undefined;
  if (excess !== undefined) throw new LimitExceededError(excess);
}

/**
 * Rejects a filter that requires scopes which the caller does not have.
 * @throws {ForbiddenError} naming one of them.
 */
export function checkFilterScopes({ viewer }: RestContext, where: UserFilter): void {
  for (const [field, scope] of scopesOfFilter(where)) {
    if (!viewer.scopes.has(scope)) throw new ForbiddenError(`A filter on ${field}`, scope);
  }
}

/** The work of a filter and a search. Each condition costs as much as in GraphQL. */
export const workOfFilter = (query: unknown) =>
  isJsonObject(query) ? costOfQuery(query) / COMPLEXITY_PER_UNIT_OF_WORK : 0;
