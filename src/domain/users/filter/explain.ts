import type { Condition, UserFacts, Wording } from './condition.ts';

/** A part of a filter, and whether it holds for a user. */
export interface ExplainedCondition {
  /** In words, such as `plan is "pro"`. */
  condition: string;
  holds: boolean;
  /** The first instant at which this can change without a write; null if only a write changes it. */
  changesAt: Date | null;
}

/**
 * Explains why a filter holds for a user or does not: it holds if all of these conditions do. A conjunction within a conjunction is
 * divided, too; what `or` and `not` combine stays one condition.
 * @param user what the condition needs (`readUserFacts`). @param now in whole ms since 1970.
 */
export function explain(condition: Condition, user: UserFacts, now: number, wording?: Wording): ExplainedCondition[] {
  return conjunctsOf(condition).map((each) => {
    const { holds, due } = each.evaluate(user, now);
    return { condition: each.phrase(wording), holds, changesAt: Number.isFinite(due) ? new Date(due) : null };
  });
}

/** The conditions that all hold where a condition does; itself if it has no parts. */
function conjunctsOf(condition: Condition): readonly Condition[] {
  const { parts } = condition;
  return parts?.operator === 'and' && parts.conditions.length > 0 ? parts.conditions.flatMap(conjunctsOf) : [condition];
}
