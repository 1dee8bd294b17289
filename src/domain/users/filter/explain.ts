import type { Condition, UserFacts, Wording } from './condition.ts';

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
