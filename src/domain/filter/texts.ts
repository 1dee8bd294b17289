import { Prisma } from '../../db/generated/client.ts';
import {
  type Comparison,
  comparisonsOf,
  inList,
  notInList,
  type Operator,
  type Operators,
  presenceOf,
  quoteAll,
} from './comparisons.ts';
import type { StringFilter } from './input.ts';

/**
 * The text without differences of case, as PostgreSQL's `lower` returns it in a database with `LC_CTYPE` C.UTF-8: each code point
 * becomes one code point. `toLowerCase` of a whole text differs: a final sigma becomes `ς`, and `İ` becomes two code points.
 */
export function fold(text: string): string {
  // Most texts are ASCII, where both agree.
  if (/^\p{ASCII}*$/u.test(text)) return text.toLowerCase();
  return Array.from(text, lowerCodePoint).join('');
}

const lowerCodePoint = (character: string) => Array.from(character.toLowerCase())[0] ?? '';

/** SQL of a text; NULL if it is missing. */
export interface SqlText {
  text: Prisma.Sql;
  /** The text without differences of case, in the collation "C": the expression of the column's index. */
  folded: Prisma.Sql;
}

export const sqlText = (text: Prisma.Sql): SqlText => ({ text, folded: Prisma.sql`lower(${text}) COLLATE "C"` });

const quote = (operand: string) => JSON.stringify(operand);

/** How one comparison of texts treats case. */
interface TextMode {
  /** What follows the phrase of a comparison. */
  suffix: string;
  value(text: SqlText): Prisma.Sql;
  operand(operand: string): Prisma.Sql;
  convert(text: string): string;
}

const exact: TextMode = {
  suffix: ' (case-sensitive)',
  value: ({ text }) => text,
  operand: (operand) => Prisma.sql`${operand}::text`,
  convert: (text) => text,
};

const folded: TextMode = {
  suffix: '',
  value: (text) => text.folded,
  operand: (operand) => Prisma.sql`lower(${operand}::text)`,
  convert: fold,
};

/** Escapes the characters that have a special meaning in patterns of LIKE. */
export const escapeLike = (text: string) => text.replaceAll(/[\\%_]/g, '\\$&');

type TextOperators = Operators<StringFilter, string, SqlText, 'caseSensitive'>;

function textOperators({ suffix, value, operand, convert }: TextMode): TextOperators {
  const comparing = (other: string, holds: (text: string, operand: string) => boolean) => {
    const converted = convert(other);
    return (text: string) => holds(convert(text), converted);
  };
  const including = (others: readonly string[], expected: boolean) => {
    const converted = new Set(others.map(convert));
    return (text: string) => converted.has(convert(text)) === expected;
  };
  return {
    eq: {
      phrase: (text) => `is ${quote(text)}${suffix}`,
      sql: (text, other) => Prisma.sql`${value(text)} = ${operand(other)}`,
      holds: (other) => comparing(other, (text, operand) => text === operand),
      isRange: true,
      requiredValues: (other) => [other],
      fragment: (text) => ({ text, isStart: true, isEnd: true }),
    },
    ne: {
      phrase: (text) => `is present and not ${quote(text)}${suffix}`,
      negatedPhrase: (text) => `is missing or ${quote(text)}${suffix}`,
      sql: (text, other) => Prisma.sql`${value(text)} <> ${operand(other)}`,
      holds: (other) => comparing(other, (text, operand) => text !== operand),
    },
    in: {
      phrase: (texts) => `is one of ${quoteAll(texts)}${suffix}`,
      negatedPhrase: (texts) => `is none of ${quoteAll(texts)}${suffix}`,
      sql: (text, others) => inList(value(text), others.map(operand)),
      holds: (others) => including(others, true),
      isRange: true,
      requiredValues: (others) => others,
    },
    notIn: {
      phrase: (texts) => `is present and none of ${quoteAll(texts)}${suffix}`,
      negatedPhrase: (texts) => `is missing or one of ${quoteAll(texts)}${suffix}`,
      sql: (text, others) => notInList(value(text), others.map(operand)),
      holds: (others) => including(others, false),
    },
    contains: {
      phrase: (text) => `contains ${quote(text)}${suffix}`,
      negatedPhrase: (text) => `does not contain ${quote(text)}${suffix}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`%${escapeLike(other)}%`)}`,
      holds: (other) => comparing(other, (text, operand) => text.includes(operand)),
      fragment: (text) => ({ text, isStart: false, isEnd: false }),
    },
    startsWith: {
      phrase: (text) => `starts with ${quote(text)}${suffix}`,
      negatedPhrase: (text) => `does not start with ${quote(text)}${suffix}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`${escapeLike(other)}%`)}`,
      holds: (other) => comparing(other, (text, operand) => text.startsWith(operand)),
      isRange: true,
      fragment: (text) => ({ text, isStart: true, isEnd: false }),
    },
    endsWith: {
      phrase: (text) => `ends with ${quote(text)}${suffix}`,
      negatedPhrase: (text) => `does not end with ${quote(text)}${suffix}`,
      sql: (text, other) => Prisma.sql`${value(text)} LIKE ${operand(`%${escapeLike(other)}`)}`,
      holds: (other) => comparing(other, (text, operand) => text.endsWith(operand)),
      fragment: (text) => ({ text, isStart: false, isEnd: true }),
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
  return { ...operator, sql };
}

/** The comparisons of a text. */
export function textComparisons(filter: StringFilter): Comparison<string, SqlText>[] {
  const operators = filter.caseSensitive ? caseSensitiveByIndex : caseInsensitive;
  return [...comparisonsOf(operators, filter), ...presenceOf<string, SqlText>(filter.isNull, ({ text }) => text)];
}
