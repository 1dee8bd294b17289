import { Prisma } from '../../../db/generated/client.ts';
import type { Condition, SqlScope } from './condition.ts';

/** Holds if all conditions hold, so also without any. */
export function all(conditions: readonly Condition[]): Condition {
  const [first] = conditions;
  if (first && conditions.length === 1) return first;
  return {
    sql: (scope, isNegated) => (isNegated ? disjunction : conjunction)(conditions, scope, isNegated),
    holds: (user, now) => conditions.every((condition) => condition.holds(user, now)),
    phrase: () => joined(conditions, ' and ', 'everybody'),
    dependencies: () => conditions.flatMap((condition) => condition.dependencies()),
  };
}

/** Holds if at least one condition holds, so not without any. */
export function any(conditions: readonly Condition[]): Condition {
  const [first] = conditions;
  if (first && conditions.length === 1) return first;
  return {
    sql: (scope, isNegated) => (isNegated ? conjunction : disjunction)(conditions, scope, isNegated),
    holds: (user, now) => conditions.some((condition) => condition.holds(user, now)),
    phrase: () => joined(conditions, ' or ', 'nobody'),
    dependencies: () => conditions.flatMap((condition) => condition.dependencies()),
  };
}

/** Holds if the condition does not hold, whatever the reason: a user without a plan does not have the plan "pro". */
export function not(condition: Condition): Condition {
  return {
    sql: (scope, isNegated) => condition.sql(scope, !isNegated),
    holds: (user, now) => !condition.holds(user, now),
    phrase: () => `not ${condition.phrase()}`,
    dependencies: () => condition.dependencies(),
  };
}

function conjunction(conditions: readonly Condition[], scope: SqlScope, isNegated: boolean): Prisma.Sql {
  if (conditions.length === 0) return Prisma.sql`true`;
  return Prisma.sql`(${Prisma.join(
    conditions.map((condition) => condition.sql(scope, isNegated)),
    ' AND ',
  )})`;
}

function disjunction(conditions: readonly Condition[], scope: SqlScope, isNegated: boolean): Prisma.Sql {
  if (conditions.length === 0) return Prisma.sql`false`;
  return Prisma.sql`(${Prisma.join(
    conditions.map((condition) => condition.sql(scope, isNegated)),
    ' OR ',
  )})`;
}

function joined(conditions: readonly Condition[], operator: string, ofNone: string): string {
  if (conditions.length === 0) return ofNone;
  return `(${conditions.map((condition) => condition.phrase()).join(operator)})`;
}
