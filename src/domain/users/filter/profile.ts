import { Prisma } from '../../../db/generated/client.ts';
import type { AvailableIndexes, IndexName } from '../../../db/indexes/catalogue.ts';
import type { StoredRange } from '../../attributes/stored-ranges.ts';
import { booleanComparisons, type Comparison } from '../../filter/comparisons.ts';
import { containsFragment, hasTokens, hasTrigrams } from '../../filter/indexed.ts';
import { instantComparisons, sqlTimestamp } from '../../filter/instants.ts';
import { type StoredTest, storedTests } from '../../filter/stored-values.ts';
import { sqlText, textComparisons } from '../../filter/texts.ts';
import { attributeOf, nameOfKey, sqlAttribute, type ValueComparison, valueComparisons } from '../../filter/values.ts';
import { hasDigitsOf } from '../search.ts';
import { type User, userColumns } from '../user.ts';
import {
  type Access,
  type Condition,
  type ConditionOptions,
  type Dependency,
  hasRows,
  type SqlScope,
} from './condition.ts';
import type { UserFilter } from './input.ts';
import { all } from './logic.ts';

/** The fields of a user that a filter can compare, by type. */
const textFields = ['uid', 'email', 'number', 'firstName', 'lastName', 'timeZone', 'appVersion', 'appBuild'] as const;
const booleanFields = ['isAccount', 'uidUpdateable'] as const;
const instantFields = ['appLastActiveAt', 'createdAt', 'updatedAt'] as const;

/** The fields with a B-tree, and those for which it is optional. */
const indexedFields: ReadonlySet<keyof User> = new Set(['uid', 'email', 'firstName', 'lastName', 'createdAt']);
const optionalRanges: Partial<Record<keyof User, IndexName>> = { updatedAt: 'updated-at' };

/** The fields of the index `field-text`. */
const trigramFields: ReadonlySet<keyof User> = new Set(['uid', 'email', 'firstName', 'lastName', 'number']);

/** The names of the fields in phrases. */
const names: Record<(typeof textFields | typeof booleanFields | typeof instantFields)[number], string> = {
  uid: 'uid',
  email: 'e-mail address',
  number: 'phone number',
  firstName: 'first name',
  lastName: 'last name',
  timeZone: 'time zone',
  appVersion: 'app version',
  appBuild: 'app build',
  isAccount: 'account status',
  uidUpdateable: 'status of the uid',
  appLastActiveAt: 'last app activity',
  createdAt: 'sign-up',
  updatedAt: 'last update',
};

/** The phrases for a field that is true or false. */
const statements: Record<(typeof booleanFields)[number], Record<'true' | 'false', string>> = {
  isAccount: { true: 'is an account', false: 'is not an account' },
  uidUpdateable: { true: 'can still be given a uid', false: 'cannot be given another uid' },
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
  /** The phrase for a value, if not `is` and the value. */
  statementOf?: ((value: Value, isNegated: boolean) => string) | undefined;
}

/** A condition on a part of a user. */
function conditionOn<Value, Sql>(
  comparison: Comparison<Value, Sql> & { parts?(value: Sql, now: Date): Prisma.Sql[] },
  part: UserPart<Value, Sql>,
): Condition {
  const { indexed } = part;
  return {
    sql: (scope, isNegated) => {
      const sql = comparison.sql(part.sql, scope.now);
      if (isNegated) return Prisma.sql`(${sql}) IS NOT TRUE`;
      if (!scope.walk || !indexed) return sql;
      // PostgreSQL estimates the rows by the index. COALESCE keeps it from estimating that few of them pass the
      // comparison as well.
      const parts = comparison.parts?.(part.sql, scope.now) ?? [sql];
      const tests = parts.map((each) => Prisma.sql`COALESCE(${each}, false)`);
      return Prisma.sql`(${Prisma.join([indexed(scope), ...tests], ' AND ')})`;
    },
    access: part.access,
    evaluate: ({ user }, now) => comparison.evaluate(part.of(user), now),
    phrase: ({ isNegated = false } = {}) => {
      const [value] = comparison.requiredValues ?? [];
      if (part.statementOf && value !== undefined) return part.statementOf(value, isNegated);
      return `${part.name} ${isNegated ? comparison.negatedPhrase : comparison.phrase}`;
    },
    dependencies: () => [part.dependency, ...(comparison.dependsOnTime ? [{ kind: 'time' } as const] : [])],
  };
}

/** What determines whether an index finds values. */
type Findable = Pick<Comparison<never, never>, 'isRange' | 'fragment'>;

/** Whether an index finds the users for whom a comparison of a field holds. */
function isIndexed(field: keyof typeof names, { isRange, fragment }: Findable, indexes: AvailableIndexes): boolean {
  const ranges = optionalRanges[field];
  if (isRange && (indexedFields.has(field) || (ranges && indexes.has(ranges)))) return true;
  return (
    fragment !== undefined &&
    trigramFields.has(field) &&
    indexes.has('field-text') &&
    hasTrigrams(fragment.text, indexes)
  );
}

/** The conditions on the fields of a user. */
export function fieldConditions(filter: UserFilter, { indexes }: ConditionOptions): Condition[] {
  const part = (field: keyof typeof names, comparison: Findable) => ({
    name: names[field],
    dependency: { kind: 'field', field } as const,
    access: isIndexed(field, comparison, indexes) ? ('index' as const) : ('scan' as const),
  });
  return [
    ...textFields.flatMap((field) =>
      textComparisons(filter[field] ?? {}).map((comparison) => {
        const indexed = field === 'number' ? hasDigitsOf(comparison.requiredValues ?? []) : undefined;
        const { access, ...rest } = part(field, comparison);
        return conditionOn(comparison, {
          ...rest,
          sql: sqlText(columnOf(field)),
          of: (user) => user[field],
          indexed,
          access: indexed ? 'index' : access,
        });
      }),
    ),
    ...booleanFields.flatMap((field) =>
      booleanComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, {
          ...part(field, comparison),
          sql: columnOf(field),
          of: (user) => user[field],
          statementOf: (value, isNegated) => statements[field][value === isNegated ? 'false' : 'true'],
        }),
      ),
    ),
    ...instantFields.flatMap((field) =>
      instantComparisons(filter[field] ?? {}).map((comparison) =>
        conditionOn(comparison, {
          ...part(field, comparison),
          sql: sqlTimestamp(columnOf(field)),
          of: (user) => (user[field] === null ? null : Date.parse(user[field])),
        }),
      ),
    ),
  ];
}

/** The conditions on the attributes of a user. */
export function attributeConditions(filter: UserFilter, { indexes, findRange }: ConditionOptions): Condition[] {
  return (filter.meta ?? []).flatMap((attributeFilter) => {
    const { key, ...tests } = attributeFilter;
    const conditions = valueComparisons(tests).map((comparison) => {
      const indexed = attributesIndexed(key, comparison, indexes);
      return conditionOn(comparison, {
        name: nameOfKey(key),
        sql: sqlAttribute(Prisma.sql`users.meta`, key),
        of: ({ meta }) => attributeOf(meta, key),
        dependency: { kind: 'attribute', key },
        indexed: indexed && (() => indexed),
        access: indexed ? 'index' : 'scan',
      });
    });
    for (const test of storedTests(tests)) {
      const range = findRange?.(attributeFilter, test);
      if (range) return [byStoredValue(all(conditions), range, test)];
    }
    return conditions;
  });
}

/**
 * The conditions on one declared attribute, by whose stored value PostgreSQL can find the users: one range, not one for
 * each bound.
 */
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

/** SQL of a condition that a comparison of an attribute implies and that an index serves. */
function attributesIndexed(
  key: string,
  comparison: ValueComparison,
  indexes: AvailableIndexes,
): Prisma.Sql | undefined {
  const meta = Prisma.sql`users.meta`;
  const { fragment } = comparison;
  const tokens = indexes.has('attributes') ? hasTokens(meta, key, comparison) : undefined;
  if (tokens) return tokens;
  const isServed = fragment && indexes.has('attribute-text') && hasTrigrams(fragment.text, indexes);
  return isServed ? containsFragment(meta, key, fragment) : undefined;
}
