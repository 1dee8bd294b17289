import type { ReadDb } from '../../db/client.ts';
import { arrayParameter } from '../../db/sql.ts';
import { LimitExceededError } from '../shared/errors.ts';
import type { Condition, UserFacts, Wording } from '../users/filter/condition.ts';
import { CONTENT_SEARCH_TIMEOUT_MS } from '../users/filter/decisive-events.ts';
import { needsOf, readUserFacts } from '../users/filter/facts.ts';
import { toCondition } from '../users/filter/filter.ts';
import { parseStoredFilter, type StoredFilter } from './stored-filter.ts';
import { type NameOptions, readFilterNames } from './summary.ts';

/** A condition of a filter, and whether it holds for a user. */
export interface ExplainedCondition {
  /** In words, such as `plan is "pro"`. */
  condition: string;
  holds: boolean;
  /** The first instant at which this can change without a write; null if only a write changes it. */
  changesAt: Date | null;
}

/**
 * Splits a filter into conditions that must all hold, and evaluates each of them for a user. Nested conjunctions are
 * flattened; `or` and `not` are not split.
 * @param user the data that the condition needs (`readUserFacts`). @param now in whole ms since 1970.
 */
export function explain(condition: Condition, user: UserFacts, now: number, wording?: Wording): ExplainedCondition[] {
  return conjunctsOf(condition).map((each) => {
    const { holds, due } = each.evaluate(user, now);
    return { condition: each.phrase(wording), holds, changesAt: Number.isFinite(due) ? new Date(due) : null };
  });
}

/** The conjuncts of a condition; the condition itself if it is not a conjunction. */
function conjunctsOf(condition: Condition): readonly Condition[] {
  const { parts } = condition;
  return parts?.operator === 'and' && parts.conditions.length > 0 ? parts.conditions.flatMap(conjunctsOf) : [condition];
}

/**
 * Explains the memberships of users in segments: each condition of the current filter, whether it holds now, and when
 * that can change without a write. Omits segments that have no current filter, and users that do not exist.
 * @param keys the id of a user and the id of a segment, separated by a space. @returns explanations by key.
 */
export async function explainMemberships(
  db: ReadDb,
  workspaceId: string,
  keys: readonly string[],
  options: NameOptions,
): Promise<Map<string, readonly ExplainedCondition[]>> {
  const pairs = keys.map((key) => {
    const [userId = '', segmentId = ''] = key.split(' ');
    return { key, userId, segmentId };
  });
  const filters = await readCurrentFilters(db, workspaceId, [...new Set(pairs.map(({ segmentId }) => segmentId))]);
  const names = await readFilterNames(db, workspaceId, [...filters.values()], options);
  const conditions = new Map<string, Condition>(
    [...filters].map(([segmentId, filter]) => [segmentId, toCondition(parseStoredFilter(filter))]),
  );
  const explained = pairs.filter(({ segmentId }) => conditions.has(segmentId));
  if (explained.length === 0) return new Map();
  const userIds = [...new Set(explained.map(({ userId }) => userId))];
  const needs = needsOf([...conditions.values()]);
  const { users, now, timedOut } = await readUserFacts(db, workspaceId, userIds, needs);
  if (timedOut.size > 0) {
    throw new LimitExceededError(
      `The evaluation took longer than ${CONTENT_SEARCH_TIMEOUT_MS} ms, because a user has too many events. Request the explanation of other users.`,
    );
  }
  return new Map(
    explained.flatMap((pair) => {
      const [facts, condition] = [users.get(pair.userId), conditions.get(pair.segmentId)];
      return facts && condition ? [[pair.key, explain(condition, facts, now.getTime(), names)]] : [];
    }),
  );
}

/** The filters of the current members, by segment id. */
async function readCurrentFilters(
  db: ReadDb,
  workspaceId: string,
  segmentIds: readonly string[],
): Promise<Map<string, StoredFilter>> {
  const rows = await db.query<{ segmentId: string; filter: StoredFilter }[]>`/* readCurrentFilters */
    SELECT segments.id AS "segmentId", definition.filter FROM segments
    JOIN segment_definitions AS definition
      ON definition.workspace_id = ${workspaceId}::uuid AND definition.id = segments.definition_id AND definition.replaced_at IS NULL
    WHERE segments.workspace_id = ${workspaceId}::uuid AND segments.id = ANY(${arrayParameter(segmentIds, 'uuid')})`;
  return new Map(rows.map(({ segmentId, filter }) => [segmentId, filter]));
}
