import { Prisma } from '../../db/generated/client.ts';
import { type Comparison, comparisonsOf, type Operator, type Operators, presenceOf } from './comparisons.ts';
import { type Duration, describeDuration, describeWindow, lengthOfDuration } from './duration.ts';
import { constant, type Evaluation, until } from './evaluation.ts';
import type { DateTimeFilter } from './input.ts';

/** An instant as text that sorts chronologically, without trailing zeros and `Z`. */
export type OrderedInstant = string;

/** Matches the texts that count as instants: dates, and points in time in UTC. */
const PATTERN = '^\\d{4}-\\d\\d-\\d\\d(T\\d\\d:\\d\\d:\\d\\d(\\.\\d{1,9})?Z)?$';

const pattern = new RegExp(PATTERN);

const DATE_LENGTH = '2021-01-12'.length;

/** Matches instants in whole ms up to the 28th of a month, which `Date.parse` converts exactly. */
const EVERY_MONTH =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|1\d|2[0-8])(?:T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d{1,3})?Z)?$/;

/** The first and the last instant with a year of four digits, in ms since 1970. */
const FIRST_MS = Date.parse('0000-01-01T00:00:00.000Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/** Converts a text; null if it is not an instant. A date is the start of its day in UTC. */
export function toOrderedInstant(text: string): OrderedInstant | null {
  if (!pattern.test(text)) return null;
  return (text.length === DATE_LENGTH ? `${text}T00:00:00` : text).replace(/[Z0.]+$/, '');
}

/** An instant of an input, which is always valid. */
const formatOrderedInstant = (instant: Date): OrderedInstant => instant.toISOString().replace(/[Z0.]+$/, '');

/**
 * Converts a text to ms since 1970, so that it compares with whole ms as the ordered text does; null if it is not an
 * instant. A number with a fraction is between two whole ms: that of an instant with more than three digits, and that
 * of a text such as `2026-02-30`, which counts as an instant that equals none and precedes those with a greater text.
 */
export function parseInstant(text: string): number | null {
  if (EVERY_MONTH.test(text)) return Date.parse(text);
  const ordered = toOrderedInstant(text);
  if (ordered === null) return null;
  const time = Date.parse(text);
  // `Date.parse` drops digits after the third, and takes the 30th of February for the 2nd of March.
  const isExact = !Number.isNaN(time) && formatOrderedInstant(new Date(time)) === ordered;
  return isExact ? time : betweenMs(ordered);
}

/**
 * Converts a text by binary search: to whole ms if one has exactly this text, otherwise to a number between two of
 * them.
 */
function betweenMs(text: OrderedInstant): number {
  let [low, high] = [FIRST_MS, LAST_MS + 1];
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (formatOrderedInstant(new Date(middle)) < text) low = middle + 1;
    else high = middle;
  }
  if (low > LAST_MS) return Number.POSITIVE_INFINITY;
  return formatOrderedInstant(new Date(low)) === text ? low : low - 0.5;
}

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

const compare: Record<Order, (one: number, other: number) => boolean> = {
  '=': (one, other) => one === other,
  '<>': (one, other) => one !== other,
  '<': (one, other) => one < other,
  '<=': (one, other) => one <= other,
  '>': (one, other) => one > other,
  '>=': (one, other) => one >= other,
};

/** An instant in words: `2026-03-01`, `2026-03-01T12:00:00Z`. */
export const describeInstant = (instant: Date) =>
  instant
    .toISOString()
    .replace(/T00:00:00\.000Z$/, '')
    .replace('.000Z', 'Z');

const instantOperator = (order: Order, words: string, negatedWords?: string): Operator<number, Date, SqlInstant> => ({
  phrase: (instant) => `${words} ${describeInstant(instant)}`,
  ...(negatedWords ? { negatedPhrase: (instant: Date) => `${negatedWords} ${describeInstant(instant)}` } : {}),
  sql: ({ value, operand }, instant) => Prisma.sql`${value} ${Prisma.raw(order)} ${operand(instant)}`,
  holds: (instant) => {
    const [holds, operand] = [compare[order], instant.getTime()];
    return (value) => holds(value, operand);
  },
  isRange: order !== '<>',
});

/** The instant that lies a duration before `now`. */
export const ago = (now: Date, duration: Duration) => new Date(now.getTime() - lengthOfDuration(duration));

/**
 * Whether an instant is in the window of a duration, which includes `now` and excludes its start. Fractions of a ms are
 * rounded up, because `now` is a whole number of ms.
 */
export function windowOf(duration: Duration): (instant: number, now: number) => Evaluation {
  const length = lengthOfDuration(duration);
  return (instant, now) => {
    const start = Math.ceil(instant);
    if (start > now) return until(start, false);
    return now < start + length ? until(start + length, true) : constant(false);
  };
}

const instantOperators: Operators<DateTimeFilter, number, SqlInstant> = {
  eq: instantOperator('=', 'is'),
  ne: instantOperator('<>', 'is present and not', 'is missing or'),
  lt: instantOperator('<', 'is before'),
  lte: instantOperator('<=', 'is at or before'),
  gt: instantOperator('>', 'is after'),
  gte: instantOperator('>=', 'is at or after'),
  within: {
    phrase: (duration) => `is within ${describeWindow(duration)}`,
    sql: ({ value, operand }, duration, now) =>
      Prisma.sql`(${value} > ${operand(ago(now, duration))} AND ${value} <= ${operand(now)})`,
    evaluate: (duration) => windowOf(duration),
    isRange: true,
  },
  before: {
    phrase: (duration) => `is at least ${describeDuration(duration)} ago`,
    sql: ({ value, operand }, duration, now) => Prisma.sql`${value} <= ${operand(ago(now, duration))}`,
    evaluate: (duration) => {
      const length = lengthOfDuration(duration);
      return (value, now) => {
        const start = Math.ceil(value) + length;
        return start <= now ? constant(true) : until(start, false);
      };
    },
    isRange: true,
  },
};

/** The comparisons of an instant. */
export const instantComparisons = (filter: DateTimeFilter): Comparison<number, SqlInstant>[] => [
  ...comparisonsOf(instantOperators, filter),
  ...presenceOf<number, SqlInstant>(filter.isNull, ({ value }) => value),
];
