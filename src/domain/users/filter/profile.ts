import { Prisma } from '../../../db/generated/client.ts';
import type { StoredRange } from '../../attributes/stored-ranges.ts';
import { booleanComparisons, type Comparison } from '../../filter/comparisons.ts';
import type { AttributeFilter } from '../../filter/input.ts';
import { formatOrderedInstant, instantComparisons, sqlTimestamp } from '../../filter/instants.ts';
import { type StoredTest, storedTests } from '../../filter/stored-values.ts';
import { sqlText, textComparisons } from '../../filter/texts.ts';
import { attributeOf, type ValueComparison, valueComparisons } from '../../filter/values.ts';
import type { AttributeValue } from '../../shared/attributes.ts';
import { hasDigitsOf } from '../search.ts';
import { type User, userColumns } from '../user.ts';
import { type Access, type Condition, type Dependency, hasRows, type SqlScope } from './condition.ts';
import type { UserFilter } from './input.ts';
import { all } from './logic.ts';

/** The fields of a user that a filter can compare, by type. */
const textFields = ['uid', 'email', 'number', 'firstName', 'lastName', 'timeZone', 'appVersion', 'appBuild'] as const;
const booleanFields = ['isAccount', 'uidUpdateable'] as const;
const instantFields = ['appLastActiveAt', 'createdAt', 'updatedAt'] as const;

/** The fields with an index. */
const indexedFields: ReadonlySet<keyof User> = new Set(['uid', 'email', 'firstName', 'lastName', 'createdAt']);

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

/** A part of a user. */
interface UserPart<Value, Sql> {
  name: string;
  sql: Sql;
  of: (user: User) => Value | null;
  dependency: Dependency;
  /** SQL of a condition that the comparison implies and that an index serves. */
  indexed?: ((scope: SqlScope) => Prisma.Sql) | undefined;
  access: Access;
}

/** A condition on a part of a user. */
function conditionOn<Value, Sql>(comparison: Comparison<Value, Sql>, part: UserPart<Value, Sql>): Condition {
  const { indexed } = part;
  return {
    sql: (scope, isNegated) => {
      const sql = comparison.sql(part.sql, scope.now);
      if (isNegated) return Prisma.sql`(${sql}) IS NOT TRUE`;
      // PostgreSQL estimates the rows by the index. COALESCE keeps it from estimating that few of them pass the comparison as well.
      return scope.walk && indexed ? Prisma.sql`(${indexed(scope)} AND COALESCE(${sql}, false))` : sql;
    },
    access: part.access,
    holds: ({ user }, now) => comparison.holds(part.of(user), now),
    phrase: () => `${part.name} ${comparison.phrase}`,
    dependencies: () => [part.dependency, ...(comparison.dependsOnTime ? [{ kind: 'time' } as const] : [])],
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
      textComparisons(filter[field] ?? {}).map((comparison) => {
        const indexed = field === 'number' ? hasDigitsOf(comparison.requiredValues ?? []) : undefined;
        return conditionOn(comparison, {
          ...part(field),
          sql: sqlText(columnOf(field)),
          of: (user) => user[field],
          indexed,
          access: indexed || (comparison.isRange && indexedFields.has(field)) ? 'index' : 'scan',
        });
      }),
    ),
    ...booleanFields.flatMap((field) =>
      booleanComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, { ...part(field), sql: columnOf(field), of: (user) => user[field], access: 'scan' }),
      ),
    ),
    ...instantFields.flatMap((field) =>
      instantComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, {
          ...part(field),
          sql: sqlTimestamp(columnOf(field)),
          of: (user) => (user[field] === null ? null : formatOrderedInstant(user[field])),
          access: comparison.isRange && indexedFields.has(field) ? 'index' : 'scan',
        }),
      ),
    ),
  ];
}

/**
 * Finds the range of stored values for a condition on an attribute; undefined if the attribute is not declared with the type, or not
 * ready. Called for each condition that an index on the values would serve.
 */
export type FindRange = (filter: AttributeFilter, test: StoredTest) => StoredRange | undefined;

/** The conditions on the attributes of a user. */
export function attributeConditions(filter: UserFilter, findRange: FindRange): Condition[] {
  return (filter.meta ?? []).flatMap((attributeFilter) => {
    const { key, ...tests } = attributeFilter;
    const conditions = valueComparisons(tests).map((comparison) => {
      const indexed = tokensSql(key, comparison);
      return conditionOn(comparison, {
        name: key,
        sql: Prisma.sql`(users.meta->${key}::text)`,
        of: ({ meta }) => attributeOf(meta, key),
        dependency: { kind: 'attribute', key },
        indexed,
        access: indexed ? 'index' : 'scan',
      });
    });
    for (const test of storedTests(tests)) {
      const range = findRange(attributeFilter, test);
      if (range) return [byStoredValue(all(conditions), range, test)];
    }
    return conditions;
  });
}

/** The conditions on one declared attribute, by whose stored value PostgreSQL can find the users: one range, not one for each bound. */
function byStoredValue(condition: Condition, { number, userIds }: StoredRange, test: StoredTest): Condition {
  const isInRange = (scope: SqlScope) => {
    if (userIds) return Prisma.sql`users.id = ANY(${userIds}::uuid[])`;
    const rows = Prisma.sql`FROM attribute_values
      WHERE attribute_values.workspace_id = ${scope.workspaceId}::uuid AND attribute_values.attribute = ${number}::smallint
        AND attribute_values.user_id = users.id AND ${test.sql(scope.now)}`;
    return hasRows(scope, false, rows, Prisma.sql`attribute_values.user_id`);
  };
  return {
    ...condition,
    access: 'index',
    sql: (scope, isNegated) => {
      if (isNegated || !scope.walk) return condition.sql(scope, isNegated);
      const evaluated = condition.sql({ ...scope, walk: undefined }, false);
      return Prisma.sql`(${isInRange(scope)} AND COALESCE(${evaluated}, false))`;
    },
  };
}

/** SQL of whether a user has one of the tokens that a comparison requires; undefined if it requires none. */
function tokensSql(key: string, { requiredValues, isPresence }: ValueComparison): (() => Prisma.Sql) | undefined {
  const tokens = isPresence
    ? [Prisma.sql`hashtextextended(${key}::text, 0)`]
    : requiredValues?.map((value) => Prisma.sql`hashtextextended(${`${key}:`}::text || ${tokenText(value)}, 1)`);
  if (!tokens?.length) return undefined;
  return () => Prisma.sql`attribute_tokens(users.meta) && ARRAY[${Prisma.join(tokens)}]::bigint[]`;
}

/** SQL of the text of a value, as in the function `attribute_tokens` of the migrations. */
const tokenText = (value: AttributeValue) =>
  typeof value === 'number'
    ? Prisma.sql`trim_scale(${JSON.stringify(value)}::numeric)::text`
    : Prisma.sql`lower(${JSON.stringify(value)}::jsonb::text)`;
