import { Prisma } from '../../db/generated/client.ts';
import type { Attributes, AttributeValue } from '../shared/attributes.ts';
import {
  booleanComparisons,
  type Comparison,
  comparisonsOf,
  inList,
  notInList,
  type Operators,
  quoteAll,
} from './comparisons.ts';
import { constant } from './evaluation.ts';
import type { NumberFilter, ValueFilter } from './input.ts';
import { instantComparisons, parseInstant, sqlInstantText } from './instants.ts';
import { type SqlText, sqlText, textComparisons } from './texts.ts';

/** SQL of a number. Numbers are compared as JSONB, which has any precision. */
const jsonOf = (number: number) => Prisma.sql`${JSON.stringify(number)}::jsonb`;

const isNumber = (value: Prisma.Sql) => Prisma.sql`jsonb_typeof(${value}) = 'number'`;

/** In the order of JSONB, numbers are between texts and booleans. */
const BELOW_ALL_NUMBERS = Prisma.sql`'-1e309'::jsonb`;
const ABOVE_ALL_NUMBERS = Prisma.sql`'false'::jsonb`;

const numberOperators: Operators<NumberFilter, number, Prisma.Sql> = {
  eq: {
    phrase: (number) => `is ${number}`,
    sql: (value, number) => Prisma.sql`${value} = ${jsonOf(number)}`,
    holds: (number) => (value) => value === number,
    requiredValues: (number) => [number],
  },
  ne: {
    phrase: (number) => `is a number other than ${number}`,
    sql: (value, number) => Prisma.sql`(${isNumber(value)} AND ${value} <> ${jsonOf(number)})`,
    holds: (number) => (value) => value !== number,
  },
  in: {
    phrase: (numbers) => `is one of ${quoteAll(numbers)}`,
    negatedPhrase: (numbers) => `is none of ${quoteAll(numbers)}`,
    sql: (value, numbers) => inList(value, numbers.map(jsonOf)),
    holds: (numbers) => (value) => numbers.includes(value),
    requiredValues: (numbers) => numbers,
  },
  notIn: {
    phrase: (numbers) => `is a number and none of ${quoteAll(numbers)}`,
    negatedPhrase: (numbers) => `is no number or one of ${quoteAll(numbers)}`,
    sql: (value, numbers) => Prisma.sql`(${isNumber(value)} AND ${notInList(value, numbers.map(jsonOf))})`,
    holds: (numbers) => (value) => !numbers.includes(value),
  },
  lt: {
    phrase: (number) => `is less than ${number}`,
    sql: (value, number) => Prisma.sql`(${value} < ${jsonOf(number)} AND ${value} > ${BELOW_ALL_NUMBERS})`,
    holds: (number) => (value) => value < number,
  },
  lte: {
    phrase: (number) => `is at most ${number}`,
    sql: (value, number) => Prisma.sql`(${value} <= ${jsonOf(number)} AND ${value} > ${BELOW_ALL_NUMBERS})`,
    holds: (number) => (value) => value <= number,
  },
  gt: {
    phrase: (number) => `is more than ${number}`,
    sql: (value, number) => Prisma.sql`(${value} > ${jsonOf(number)} AND ${value} < ${ABOVE_ALL_NUMBERS})`,
    holds: (number) => (value) => value > number,
  },
  gte: {
    phrase: (number) => `is at least ${number}`,
    sql: (value, number) => Prisma.sql`(${value} >= ${jsonOf(number)} AND ${value} < ${ABOVE_ALL_NUMBERS})`,
    holds: (number) => (value) => value >= number,
  },
};

/** The comparisons of a number. */
const numberComparisons = (filter: NumberFilter): Comparison<number, Prisma.Sql>[] =>
  comparisonsOf(numberOperators, filter);

/** SQL of a JSONB value, which is NULL if it is missing; and of its text, which numbers and booleans have as well. */
export interface SqlValue {
  json: Prisma.Sql;
  text: Prisma.Sql;
}

/** The value in a column. */
export const sqlValue = (column: Prisma.Sql): SqlValue => ({ json: column, text: Prisma.sql`(${column} #>> '{}')` });

/** The value of a key in a column with an object. */
export const sqlAttribute = (column: Prisma.Sql, key: string): SqlValue => ({
  json: Prisma.sql`(${column}->${key}::text)`,
  text: Prisma.sql`(${column}->>${key}::text)`,
});

/** A comparison of a value whose type is not fixed: an attribute, or the value of an event. */
export interface ValueComparison extends Comparison<AttributeValue, SqlValue> {
  /** SQL of conditions all of which must hold, the cheapest first; `sql` if omitted. */
  parts?(value: SqlValue, now: Date): Prisma.Sql[];
  /** Whether it holds for every value. */
  isPresence?: boolean;
}

const textOf = (value: AttributeValue) => (typeof value === 'string' ? value : null);
const numberOf = (value: AttributeValue) => (typeof value === 'number' ? value : null);
const booleanOf = (value: AttributeValue) => (typeof value === 'boolean' ? value : null);
const instantOf = (value: AttributeValue) => (typeof value === 'string' ? parseInstant(value) : null);

const isString = ({ json }: SqlValue) => Prisma.sql`jsonb_typeof(${json}) = 'string'`;

/** SQL of a value as text; NULL if it has another type. */
const textSql = (value: SqlValue) => Prisma.sql`(CASE WHEN ${isString(value)} THEN ${value.text} END)`;

const booleanSql = ({ json }: SqlValue) =>
  Prisma.sql`(CASE WHEN jsonb_typeof(${json}) = 'boolean' THEN (${json})::boolean END)`;

/** A comparison of one type applied to a JSONB value: a value of another type counts as missing. */
function ofType<Value extends AttributeValue, Sql>(
  comparison: Comparison<Value, Sql>,
  toSql: (value: SqlValue) => Sql,
  toValue: (value: AttributeValue) => Value | null,
): ValueComparison {
  return {
    ...comparison,
    sql: (value, now) => comparison.sql(toSql(value), now),
    evaluate: (value, now) => comparison.evaluate(value === null ? null : toValue(value), now),
  };
}

/** A comparison of a text. Most values are compared without a look at their type: the type is that of the few that are left. */
function ofText(comparison: Comparison<string, SqlText>): ValueComparison {
  const ofTexts = ofType(comparison, (value) => sqlText(textSql(value)), textOf);
  if (comparison.isNullTest) return ofTexts;
  // PostgreSQL estimates that few values have one type, but that half of them pass a COALESCE.
  const parts = (value: SqlValue, now: Date) => [
    comparison.sql(sqlText(value.text), now),
    Prisma.sql`COALESCE(${isString(value)}, false)`,
  ];
  return { ...ofTexts, parts, sql: (value, now) => Prisma.sql`(${Prisma.join(parts(value, now), ' AND ')})` };
}

/** The comparisons of a JSONB value. */
export function valueComparisons({ string, number, boolean, dateTime, exists }: ValueFilter): ValueComparison[] {
  return [
    ...(string ? textComparisons(string) : []).map(ofText),
    ...(number ? numberComparisons(number) : []).map((each) => ofType(each, ({ json }) => json, numberOf)),
    ...(boolean ? booleanComparisons(boolean) : []).map((each) => ofType(each, booleanSql, booleanOf)),
    ...(dateTime ? instantComparisons(dateTime) : []).map((each) =>
      ofType(each, (value) => sqlInstantText(textSql(value)), instantOf),
    ),
    ...(exists == null ? [] : [existence(exists)]),
  ];
}

const existence = (exists: boolean): ValueComparison => ({
  phrase: exists ? 'is present' : 'is missing',
  negatedPhrase: exists ? 'is missing' : 'is present',
  sql: ({ json }) => Prisma.sql`${json} IS ${Prisma.raw(exists ? 'NOT ' : '')}NULL`,
  evaluate: (value) => constant((value !== null) === exists),
  dependsOnTime: false,
  isPresence: exists,
});

/** The value of an attribute; null if there is none. `meta` can have keys such as `constructor`. */
export function attributeOf(attributes: Attributes, key: string): AttributeValue | null {
  return Object.hasOwn(attributes, key) ? (attributes[key] ?? null) : null;
}

/** The key of an attribute in a phrase. */
export const nameOfKey = (key: string) => (/^[\p{L}\p{M}\p{N}_.-]+$/u.test(key) ? key : JSON.stringify(key));
