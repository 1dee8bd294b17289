import { Prisma } from '../../db/generated/client.ts';
import { type Comparison, comparisonsOf, type Operator, type Operators, presenceOf } from './comparisons.ts';
import { type Duration, describeDuration, lengthOfDuration } from './duration.ts';
import type { DateTimeFilter } from './input.ts';

/** An instant as the text by which instants are ordered, with any number of decimals: without trailing zeros and `Z`. */
export type OrderedInstant = string;

/** Matches the texts that count as instants: dates, and points in time in UTC. */
const PATTERN = '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z)?$';

const pattern = new RegExp(PATTERN);

const DATE_LENGTH = '2021-01-12'.length;

/** Converts a text; null if it is not an instant. A date is the start of its day in UTC. */
export function toOrderedInstant(text: string): OrderedInstant | null {
  if (!pattern.test(text)) return null;
  return (text.length === DATE_LENGTH ? `${text}T00:00:00` : text).replace(/[Z0.]+$/, '');
}

/** An instant of an input or a row, which is always valid. */
export const formatOrderedInstant = (instant: Date | string): OrderedInstant =>
  (typeof instant === 'string' ? instant : instant.toISOString()).replace(/[Z0.]+$/, '');

/** SQL of `toOrderedInstant`. @param text SQL that may be NULL. */
const orderedInstantSql = (text: Prisma.Sql) => Prisma.sql`
  (CASE WHEN ${text} ~ ${PATTERN} THEN
    rtrim(CASE WHEN length(${text}) = ${DATE_LENGTH}::int THEN ${text} || 'T00:00:00' ELSE ${text} END, 'Z0.')
  END COLLATE "C")`;

/** SQL of an instant, which depends on how it is stored. */
export interface SqlInstant {
  value: Prisma.Sql;
  operand(instant: Date): Prisma.Sql;
}

/** An instant in a column. */
export const sqlTimestamp = (value: Prisma.Sql): SqlInstant => ({
  value,
  operand: (instant) => Prisma.sql`${instant}::timestamptz`,
});

/** An instant in an attribute. @param text SQL of the attribute's text; NULL if it is missing. */
export const sqlInstantText = (text: Prisma.Sql): SqlInstant => ({
  value: orderedInstantSql(text),
  operand: (instant) => Prisma.sql`${formatOrderedInstant(instant)}::text`,
});

type Order = '=' | '<>' | '<' | '<=' | '>' | '>=';

const compare: Record<Order, (one: OrderedInstant, other: OrderedInstant) => boolean> = {
  '=': (one, other) => one === other,
  '<>': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

const instantOperator = (order: Order, words: string): Operator<OrderedInstant, Date, SqlInstant> => ({
  phrase: (instant) => `${words} ${instant.toISOString()}`,
  sql: ({ value, operand }, instant) => Prisma.sql`${value} ${Prisma.raw(order)} ${operand(instant)}`,
  holds: (value, instant) => compare[order](value, formatOrderedInstant(instant)),
  isRange: order !== '<>',
});

/** The instant that lies a duration before `now`. */
export const ago = (now: Date | number, duration: Duration) => new Date(Number(now) - lengthOfDuration(duration));

const instantOperators: Operators<DateTimeFilter, OrderedInstant, SqlInstant> = {
  eq: instantOperator('=', 'is'),
  ne: instantOperator('<>', 'is present and not'),
  lt: instantOperator('<', 'is before'),
  lte: instantOperator('<=', 'is at or before'),
  gt: instantOperator('>', 'is after'),
  gte: instantOperator('>=', 'is at or after'),
  within: {
    phrase: (duration) => `is within the last ${describeDuration(duration)}`,
    sql: ({ value, operand }, duration, now) =>
      Prisma.sql`(${value} > ${operand(ago(now, duration))} AND ${value} <= ${operand(now)})`,
    holds: (value, duration, now) =>
      value > formatOrderedInstant(ago(now, duration)) && value <= formatOrderedInstant(new Date(now)),
    dependsOnTime: true,
    isRange: true,
  },
  before: {
    phrase: (duration) => `is at least ${describeDuration(duration)} ago`,
    sql: ({ value, operand }, duration, now) => Prisma.sql`${value} <= ${operand(ago(now, duration))}`,
    holds: (value, duration, now) => value <= formatOrderedInstant(ago(now, duration)),
    dependsOnTime: true,
    isRange: true,
  },
};

/** The comparisons of an instant. */
export const instantComparisons = (filter: DateTimeFilter): Comparison<OrderedInstant, SqlInstant>[] => [
  ...comparisonsOf(instantOperators, filter),
  ...presenceOf<OrderedInstant, SqlInstant>(filter.isNull, ({ value }) => value),
];
