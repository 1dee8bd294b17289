import { Prisma } from '../../../db/generated/client.ts';
import { type User, userColumns } from '../user.ts';
import {
  booleanComparisons,
  type Comparison,
  instantComparisons,
  sqlText,
  sqlTimestamp,
  textComparisons,
} from './comparisons.ts';
import type { Condition, Dependency } from './condition.ts';
import type { UserFilter } from './input.ts';
import { ordered } from './instants.ts';
import { valueComparisons } from './values.ts';

/** The fields of a user that a filter can compare, by type. */
const textFields = ['uid', 'email', 'number', 'firstName', 'lastName', 'timeZone', 'appVersion', 'appBuild'] as const;
const booleanFields = ['isAccount', 'uidUpdateable'] as const;
const instantFields = ['appLastActiveAt', 'createdAt', 'updatedAt'] as const;

/** The names of the fields in sentences. */
const names: Record<(typeof textFields | typeof booleanFields | typeof instantFields)[number], string> = {
  uid: 'uid',
  email: 'e-mail address',
  number: 'phone number',
  firstName: 'first name',
  lastName: 'last name',
  timeZone: 'time zone',
  appVersion: 'app version',
  appBuild: 'app build',
  isAccount: 'is an account',
  uidUpdateable: 'uid can be set',
  appLastActiveAt: 'last app activity',
  createdAt: 'sign-up',
  updatedAt: 'last update',
};

/** The SQL of a column. */
function columnOf(field: keyof User): Prisma.Sql {
  const expression = userColumns.expressions[field];
  return 'instant' in expression ? expression.instant : expression;
}

/** A condition on a part of a user. */
function conditionOn<Value, Sql>(
  comparison: Comparison<Value, Sql>,
  part: { name: string; sql: Sql; of: (user: User) => Value | null; dependency: Dependency },
): Condition {
  return {
    sql: ({ now }, isNegated) => {
      const sql = comparison.sql(part.sql, now);
      return isNegated ? Prisma.sql`(${sql}) IS NOT TRUE` : sql;
    },
    holds: ({ user }, now) => comparison.holds(part.of(user), now),
    phrase: () => `${part.name} ${comparison.phrase}`,
    dependencies: () => [part.dependency, ...(comparison.isTimed ? [{ kind: 'time' } as const] : [])],
  };
}

/** The conditions on the fields of a user. */
export function fieldConditions(filter: UserFilter): Condition[] {
  const part = (field: keyof typeof names) => ({
    name: names[field],
    dependency: { kind: 'field', field } as const,
  });
  return [
    ...textFields.flatMap((field) =>
      textComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, { ...part(field), sql: sqlText(columnOf(field)), of: (user) => user[field] }),
      ),
    ),
    ...booleanFields.flatMap((field) =>
      booleanComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, { ...part(field), sql: columnOf(field), of: (user) => user[field] }),
      ),
    ),
    ...instantFields.flatMap((field) =>
      instantComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, {
          ...part(field),
          sql: sqlTimestamp(columnOf(field)),
          of: (user) => (user[field] === null ? null : ordered(user[field])),
        }),
      ),
    ),
  ];
}

/** The conditions on the attributes of a user. */
export function attributeConditions(filter: UserFilter): Condition[] {
  return (filter.meta ?? []).flatMap(({ key, ...tests }) =>
    valueComparisons(tests).map((comparison) =>
      conditionOn(comparison, {
        name: key,
        sql: Prisma.sql`(users.meta->${key}::text)`,
        of: ({ meta }) => (Object.hasOwn(meta, key) ? (meta[key] ?? null) : null),
        dependency: { kind: 'attribute', key },
      }),
    ),
  );
}
