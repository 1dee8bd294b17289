import { Prisma } from '../../../db/generated/client.ts';
import { allHold, anyHolds, negation } from '../../filter/evaluation.ts';
import type { Access, Condition, SqlScope, Wording } from './condition.ts';

/** Holds if all conditions hold, so also without any. */
export function all(conditions: readonly Condition[]): Condition {
  const [first] = conditions;
  if (first && conditions.length === 1) return first;
  const alternatives = distribute(conditions);
  return { ...combineAll(conditions), ...(alternatives ? { alternatives } : {}) };
}

/** Holds if all conditions hold; has no alternatives. */
function combineAll(conditions: readonly Condition[]): Condition {
  return {
    sql: (scope, isNegated) => (isNegated ? disjunction : conjunction)(conditions, scope, isNegated),
    access: driverOf(conditions)?.access ?? 'scan',
    evaluate: (user, now) => allHold(conditions, user, now),
    phrase: (wording) => joinPhrases(conditions, 'and', wording),
    parts: { operator: 'and', conditions },
    dependencies: () => conditions.flatMap((condition) => condition.dependencies()),
    eventCounts: () => conditions.flatMap((condition) => condition.eventCounts?.() ?? []),
  };
}

/** Holds if at least one condition holds, so not without any. */
export function any(conditions: readonly Condition[]): Condition {
  const [first] = conditions;
  if (first && conditions.length === 1) return first;
  const alternatives = conditions.flatMap((condition) => condition.alternatives ?? [condition]);
  const dearest = accessByCost.findLast((each) => conditions.some((condition) => condition.access === each)) ?? 'index';
  // Without its alternatives, it is evaluated for one user after the other.
  const access = alternatives.length <= MAX_ALTERNATIVES ? dearest : 'scan';
  return {
    sql: (scope, isNegated) => (isNegated ? conjunction : disjunction)(conditions, scope, isNegated),
    access,
    ...(access === 'scan' ? {} : { alternatives }),
    evaluate: (user, now) => anyHolds(conditions, user, now),
    phrase: (wording) => joinPhrases(conditions, 'or', wording),
    parts: { operator: 'or', conditions },
    dependencies: () => conditions.flatMap((condition) => condition.dependencies()),
    eventCounts: () => conditions.flatMap((condition) => condition.eventCounts?.() ?? []),
  };
}

/** Holds if the condition does not hold, whatever the reason: a user without a plan does not have the plan "pro". */
export function not(condition: Condition): Condition {
  return {
    sql: (scope, isNegated) => condition.sql(scope, !isNegated),
    access: 'scan',
    evaluate: (user, now) => negation(condition.evaluate(user, now)),
    phrase: (wording = {}) => condition.phrase({ ...wording, isNegated: !wording.isNegated }),
    dependencies: () => condition.dependencies(),
    eventCounts: () => condition.eventCounts?.() ?? [],
  };
}

/** The ways to find users, the cheapest first. */
const accessByCost: readonly Access[] = ['index', 'aggregate', 'scan'];

/** Maximum number of alternatives, each of which is a subquery that takes time to plan. */
export const MAX_ALTERNATIVES = 10;

/**
 * The alternatives of a conjunction: those of one of its conditions, each together with all others. Those of the others
 * are not multiplied out: their number would be exponential.
 */
function distribute(conditions: readonly Condition[]): Condition[] | undefined {
  const chosen = conditions.find(({ alternatives }) => alternatives);
  return chosen?.alternatives?.map((alternative) =>
    combineAll(conditions.map((condition) => (condition === chosen ? alternative : condition))),
  );
}

function conjunction(conditions: readonly Condition[], scope: SqlScope, isNegated: boolean): Prisma.Sql {
  if (conditions.length === 0) return Prisma.sql`true`;
  const { walk } = scope;
  // Without an index for one of the others, users are found by a condition that counts rows.
  const driver = isNegated ? undefined : driverOf(conditions);
  const parts = conditions.map((condition) =>
    condition.sql(
      walk ? { ...scope, walk: { ...walk, isDriver: walk.isDriver && condition === driver } } : scope,
      isNegated,
    ),
  );
  return Prisma.sql`(${Prisma.join(parts, ' AND ')})`;
}

/** The condition by which the users of a conjunction are found. */
function driverOf(conditions: readonly Condition[]): Condition | undefined {
  const [access] = accessByCost.filter((each) => conditions.some((condition) => condition.access === each));
  return conditions.find((condition) => condition.access === access);
}

function disjunction(conditions: readonly Condition[], scope: SqlScope, isNegated: boolean): Prisma.Sql {
  if (conditions.length === 0) return Prisma.sql`false`;
  const parts = conditions.map((condition) => condition.sql({ ...scope, walk: undefined }, isNegated));
  return Prisma.sql`(${Prisma.join(parts, ' OR ')})`;
}

/** Puts negated conditions and parts with the other operator into parentheses. */
function joinPhrases(
  conditions: readonly Condition[],
  operator: 'and' | 'or',
  { isNegated = false, ...wording }: Wording = {},
): string {
  if (conditions.length === 0) return (operator === 'and') === isNegated ? 'nobody' : 'everybody';
  const phrases = conditions.map((condition) => {
    const { parts } = condition;
    const isMixed = parts && parts.operator !== operator && parts.conditions.length > 1;
    return isMixed ? `(${condition.phrase(wording)})` : condition.phrase(wording);
  });
  const joined = phrases.join(` ${operator} `);
  return isNegated ? `not (${joined})` : joined;
}
