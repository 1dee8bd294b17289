import { Prisma } from '../../../db/generated/client.ts';
import type { AttributeValue } from '../../shared/attributes.ts';
import {
  booleanComparisons,
  type Comparison,
  instantComparisons,
  numberComparisons,
  sqlInstantText,
  sqlText,
  textComparisons,
} from './comparisons.ts';
import type { ValueFilter } from './input.ts';
import { toOrderedInstant } from './instants.ts';

/** A comparison of a value whose type is not fixed: an attribute, or the value of an event. */
export interface ValueComparison extends Comparison<AttributeValue, Prisma.Sql> {
  /** Whether it holds for every value. */
  isPresence?: boolean;
}

const isText = (value: AttributeValue) => typeof value === 'string';
const textOf = (value: AttributeValue) => (isText(value) ? String(value) : null);
const numberOf = (value: AttributeValue) => (typeof value === 'number' ? value : null);
const booleanOf = (value: AttributeValue) => (typeof value === 'boolean' ? value : null);
const instantOf = (value: AttributeValue) => (typeof value === 'string' ? toOrderedInstant(value) : null);

/** SQL of a JSONB value as text; NULL if it has another type. */
const textSql = (value: Prisma.Sql) =>
  Prisma.sql`(CASE WHEN jsonb_typeof(${value}) = 'string' THEN ${value} #>> '{}' END)`;

const booleanSql = (value: Prisma.Sql) =>
  Prisma.sql`(CASE WHEN jsonb_typeof(${value}) = 'boolean' THEN (${value})::boolean END)`;

/** A comparison of one type applied to a JSONB value: a value of another type counts as missing. */
function ofType<Value extends AttributeValue, Sql>(
  comparison: Comparison<Value, Sql>,
  toSql: (value: Prisma.Sql) => Sql,
  toValue: (value: AttributeValue) => Value | null,
): ValueComparison {
  return {
    ...comparison,
    sql: (value, now) => comparison.sql(toSql(value), now),
    holds: (value, now) => comparison.holds(value === null ? null : toValue(value), now),
  };
}

/** The comparisons of a JSONB value, which is NULL in SQL if it is missing. */
export function valueComparisons({ string, number, boolean, dateTime, exists }: ValueFilter): ValueComparison[] {
  return [
    ...(string ? textComparisons(string) : []).map((each) => ofType(each, (value) => sqlText(textSql(value)), textOf)),
    ...(number ? numberComparisons(number) : []).map((each) => ofType(each, (value) => value, numberOf)),
    ...(boolean ? booleanComparisons(boolean) : []).map((each) => ofType(each, booleanSql, booleanOf)),
    ...(dateTime ? instantComparisons(dateTime) : []).map((each) =>
      ofType(each, (value) => sqlInstantText(textSql(value)), instantOf),
    ),
    ...(exists == null ? [] : [existence(exists)]),
  ];
}

const existence = (exists: boolean): ValueComparison => ({
  phrase: exists ? 'is present' : 'is missing',
  sql: (value) => Prisma.sql`${value} IS ${Prisma.raw(exists ? 'NOT ' : '')}NULL`,
  holds: (value) => (value !== null) === exists,
  isTimed: false,
  isPresence: exists,
});
