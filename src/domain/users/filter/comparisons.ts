import { Prisma } from '../../../db/generated/client.ts';
import { type Duration, describeDuration, lengthOfDuration } from './duration.ts';
import { fold } from './fold.ts';
import type { BooleanFilter, DateTimeFilter, NumberFilter, StringFilter } from './input.ts';
import { type OrderedInstant, ordered, orderedInstantSql } from './instants.ts';

/** A comparison with an operand. It does not hold for a missing value, except for `isNull`. */
export interface Comparison<Value, Sql> {
  /** False or NULL if the comparison does not hold. @param value SQL of the value. */
  sql(value: Sql, now: Date): Prisma.Sql;
  /** @param value null if it is missing. */
  holds(value: Value | null, now: number): boolean;
  /** Follows the name of the value, such as `is "pro"`. */
  phrase: string;
  /** Whether the result can change as time passes. */
  isTimed: boolean;
  /** The values of which it requires one, up to case; undefined if it holds for others, too. */
  oneOf?: readonly Value[] | undefined;
  /** Whether a B-tree finds the values for which it holds. */
  isRange?: boolean;
}

/** SQL of a text; NULL if it is missing. */
export interface SqlText {
  text: Prisma.Sql;
  /** The text without differences of case, in the collation "C": the expression of the column's index. */
  folded: Prisma.Sql;
}

export const sqlText = (text: Prisma.Sql): SqlText => ({ text, folded: Prisma.sql`lower(${text}) COLLATE "C"` });

interface Operator<Value, Operand, Sql> {
  phrase(operand: Operand): string;
  sql(value: Sql, operand: Operand, now: Date): Prisma.Sql;
  holds(value: Value, operand: Operand, now: number): boolean;
  isTimed?: boolean;
  /** Whether a B-tree finds the values for which it holds. */
  isRange?: boolean;
  /** The values that it requires, if it holds for no others. */
  oneOf?(operand: Operand): readonly Value[];
}

/** Operators by name: those of a filter, except for `isNull` and options. */
type Operators<Filter, Value, Sql, Options extends string = never> = {
  readonly [Name in Exclude<keyof Filter, 'isNull' | Options>]-?: Operator<Value, NonNullable<Filter[Name]>, Sql>;
};

/** The comparisons of a filter: one for each operator that is set. */
function comparisonsOf<Value, Sql>(
  operators: Readonly<Record<string, Operator<Value, never, Sql>>>,
  filter: Readonly<Record<string, unknown>>,
): Comparison<Value, Sql>[] {
  return Object.entries(operators).flatMap(([name, operator]) => {
    const operand = filter[name];
    if (operand == null) return [];
    // The filter's schema gives each operand the type of its operator.
    return {
      phrase: operator.phrase(operand as never),
      sql: (value, now) => operator.sql(value, operand as never, now),
      holds: (value, now) => value !== null && operator.holds(value, operand as never, now),
      isTimed: operator.isTimed ?? false,
      isRange: operator.isRange ?? false,
      oneOf: operator.oneOf?.(operand as never),
    };
  });
}

function presenceOf<Value, Sql>(
  isNull: boolean | null | undefined,
  toSql: (value: Sql) => Prisma.Sql,
): Comparison<Value, Sql>[] {
  if (isNull == null) return [];
  return [
    {
      phrase: isNull ? 'is missing' : 'is present',
      sql: (value) => Prisma.sql`${toSql(value)} IS ${Prisma.raw(isNull ? '' : 'NOT ')}NULL`,
      holds: (value) => (value === null) === isNull,
      isTimed: false,
    },
  ];
}

const quote = (operand: string) => JSON.stringify(operand);
const quoteAll = (operands: readonly unknown[]) => operands.map((operand) => JSON.stringify(operand)).join(', ');

/** How one comparison of texts treats case. */
interface TextMode {
  value(text: SqlText): Prisma.Sql;
  operand(operand: string): Prisma.Sql;
  convert(text: string): string;
}

const exact: TextMode = {
  value: ({ text }) => text,
  operand: (operand) => Prisma.sql`${operand}::text`,
  convert: (text) => text,
};

const folded: TextMode = {
  value: (text) => text.folded,
  operand: (operand) => Prisma.sql`lower(${operand}::text)`,
  convert: fold,
};

const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

/** `value IN (…)`; false without operands. */
function oneOf(value: Prisma.Sql, operands: readonly Prisma.Sql[]): Prisma.Sql {
  return operands.length === 0 ? Prisma.sql`false` : Prisma.sql`${value} IN (${Prisma.join([...operands])})`;
}

/** `value NOT IN (…)`; holds for every present value without operands. */
function noneOf(value: Prisma.Sql, operands: readonly Prisma.Sql[]): Prisma.Sql {
  return operands.length === 0
    ? Prisma.sql`${value} IS NOT NULL`
    : Prisma.sql`${value} NOT IN (${Prisma.join([...operands])})`;
}

type TextOperators = Operators<StringFilter, string, SqlText, 'caseSensitive'>;

function textOperators({ value, operand, convert }: TextMode): TextOperators {
  return {
    eq: {
      phrase: (text) => `is ${quote(text)}`,
      sql: (text, other) => Prisma.sql`${value(text)} = ${operand(other)}`,
      holds: (text, other) => convert(text) === convert(other),
      isRange: true,
      oneOf: (other) => [other],
    },
    ne: {
      phrase: (text) => `is present and not ${quote(text)}`,
      sql: (text, other) => Prisma.sql`${value(text)} <> ${operand(other)}`,
      holds: (text, other) => convert(text) !== convert(other),
    },
    in: {
      phrase: (texts) => `is one of ${quoteAll(texts)}`,
      sql: (text, others) => oneOf(value(text), others.map(operand)),
      holds: (text, others) => others.map(convert).includes(convert(text)),
      isRange: true,
      oneOf: (others) => others,
    },
    notIn: {
      phrase: (texts) => `is present and none of ${quoteAll(texts)}`,
      sql: (text, others) => noneOf(value(text), others.map(operand)),
      holds: (text, others) => !others.map(convert).includes(convert(text)),
    },
    contains: {
      phrase: (text) => `contains ${quote(text)}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`%${escapeLike(other)}%`)}`,
      holds: (text, other) => convert(text).includes(convert(other)),
    },
    startsWith: {
      phrase: (text) => `starts with ${quote(text)}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`${escapeLike(other)}%`)}`,
      holds: (text, other) => convert(text).startsWith(convert(other)),
      isRange: true,
    },
    endsWith: {
      phrase: (text) => `ends with ${quote(text)}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`%${escapeLike(other)}`)}`,
      holds: (text, other) => convert(text).endsWith(convert(other)),
    },
  };
}

const caseInsensitive = textOperators(folded);
const caseSensitive = textOperators(exact);

/**
 * Comparisons that respect case, each together with the one that does not, which it implies and which can use the column's index.
 */
const caseSensitiveByIndex: TextOperators = {
  ...caseSensitive,
  eq: withIndex(caseSensitive.eq, caseInsensitive.eq),
  in: withIndex(caseSensitive.in, caseInsensitive.in),
  contains: withIndex(caseSensitive.contains, caseInsensitive.contains),
  startsWith: withIndex(caseSensitive.startsWith, caseInsensitive.startsWith),
  endsWith: withIndex(caseSensitive.endsWith, caseInsensitive.endsWith),
};

function withIndex<Operand>(
  operator: Operator<string, Operand, SqlText>,
  implied: Operator<string, Operand, SqlText>,
): Operator<string, Operand, SqlText> {
  const sql: typeof operator.sql = (text, operand, now) =>
    Prisma.sql`(${implied.sql(text, operand, now)} AND ${operator.sql(text, operand, now)})`;
  return { ...operator, phrase: (operand) => `${operator.phrase(operand)} (case-sensitive)`, sql };
}

/** The comparisons of a text. */
export function textComparisons(filter: StringFilter): Comparison<string, SqlText>[] {
  const operators = filter.caseSensitive ? caseSensitiveByIndex : caseInsensitive;
  return [...comparisonsOf(operators, filter), ...presenceOf<string, SqlText>(filter.isNull, ({ text }) => text)];
}

const jsonOf = (number: number) => Prisma.sql`${JSON.stringify(number)}::jsonb`;

const isNumber = (value: Prisma.Sql) => Prisma.sql`jsonb_typeof(${value}) = 'number'`;

/** In the order of JSONB, numbers are between texts and booleans. */
const BELOW_ALL_NUMBERS = Prisma.sql`'-1e309'::jsonb`;
const ABOVE_ALL_NUMBERS = Prisma.sql`'false'::jsonb`;

const numberOperators: Operators<NumberFilter, number, Prisma.Sql> = {
  eq: {
    phrase: (number) => `is ${number}`,
    sql: (value, number) => Prisma.sql`${value} = ${jsonOf(number)}`,
    holds: (value, number) => value === number,
    oneOf: (number) => [number],
  },
  ne: {
    phrase: (number) => `is a number other than ${number}`,
    sql: (value, number) => Prisma.sql`(${isNumber(value)} AND ${value} <> ${jsonOf(number)})`,
    holds: (value, number) => value !== number,
  },
  in: {
    phrase: (numbers) => `is one of ${quoteAll(numbers)}`,
    sql: (value, numbers) => oneOf(value, numbers.map(jsonOf)),
    holds: (value, numbers) => numbers.includes(value),
    oneOf: (numbers) => numbers,
  },
  notIn: {
    phrase: (numbers) => `is a number and none of ${quoteAll(numbers)}`,
    sql: (value, numbers) => Prisma.sql`(${isNumber(value)} AND ${noneOf(value, numbers.map(jsonOf))})`,
    holds: (value, numbers) => !numbers.includes(value),
  },
  lt: {
    phrase: (number) => `is less than ${number}`,
    sql: (value, number) => Prisma.sql`(${value} < ${jsonOf(number)} AND ${value} > ${BELOW_ALL_NUMBERS})`,
    holds: (value, number) => value < number,
  },
  lte: {
    phrase: (number) => `is at most ${number}`,
    sql: (value, number) => Prisma.sql`(${value} <= ${jsonOf(number)} AND ${value} > ${BELOW_ALL_NUMBERS})`,
    holds: (value, number) => value <= number,
  },
  gt: {
    phrase: (number) => `is more than ${number}`,
    sql: (value, number) => Prisma.sql`(${value} > ${jsonOf(number)} AND ${value} < ${ABOVE_ALL_NUMBERS})`,
    holds: (value, number) => value > number,
  },
  gte: {
    phrase: (number) => `is at least ${number}`,
    sql: (value, number) => Prisma.sql`(${value} >= ${jsonOf(number)} AND ${value} < ${ABOVE_ALL_NUMBERS})`,
    holds: (value, number) => value >= number,
  },
};

/** The comparisons of a number, which is stored as JSONB. */
export const numberComparisons = (filter: NumberFilter): Comparison<number, Prisma.Sql>[] =>
  comparisonsOf(numberOperators, filter);

const booleanOperators: Operators<BooleanFilter, boolean, Prisma.Sql> = {
  eq: {
    phrase: (expected) => `is ${expected}`,
    sql: (value, expected) => Prisma.sql`${value} = ${expected}::boolean`,
    holds: (value, expected) => value === expected,
    oneOf: (expected) => [expected],
  },
};

/** The comparisons of a boolean. */
export const booleanComparisons = (filter: BooleanFilter): Comparison<boolean, Prisma.Sql>[] => [
  ...comparisonsOf(booleanOperators, filter),
  ...presenceOf<boolean, Prisma.Sql>(filter.isNull, (value) => value),
];

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
  operand: (instant) => Prisma.sql`${ordered(instant)}::text`,
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
  holds: (value, instant) => compare[order](value, ordered(instant)),
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
    holds: (value, duration, now) => value > ordered(ago(now, duration)) && value <= ordered(new Date(now)),
    isTimed: true,
    isRange: true,
  },
  before: {
    phrase: (duration) => `is at least ${describeDuration(duration)} ago`,
    sql: ({ value, operand }, duration, now) => Prisma.sql`${value} <= ${operand(ago(now, duration))}`,
    holds: (value, duration, now) => value <= ordered(ago(now, duration)),
    isTimed: true,
    isRange: true,
  },
};

/** The comparisons of an instant. */
export const instantComparisons = (filter: DateTimeFilter): Comparison<OrderedInstant, SqlInstant>[] => [
  ...comparisonsOf(instantOperators, filter),
  ...presenceOf<OrderedInstant, SqlInstant>(filter.isNull, ({ value }) => value),
];
