import { Prisma } from '../../db/generated/client.ts';
import { constant, type Evaluation } from './evaluation.ts';
import type { BooleanFilter } from './input.ts';

/** A part of a text, up to case. */
export interface TextFragment {
  text: string;
  /** Whether the text starts, or ends, with it. */
  isStart: boolean;
  isEnd: boolean;
}

/** A comparison with an operand. It does not hold for a missing value, except for `isNull`. */
export interface Comparison<Value, Sql> {
  /** False or NULL if the comparison does not hold. @param value SQL of the value. */
  sql(value: Sql, now: Date): Prisma.Sql;
  /** @param value null if it is missing. @param now a whole number of ms since 1970. */
  evaluate(value: Value | null, now: number): Evaluation;
  /**
   * The comparison and its negation in words, to follow the name of the value: `is "pro"`, `is not "pro"`. The negation
   * includes missing values.
   */
  phrase: string;
  negatedPhrase: string;
  /** Whether the result can change as time passes. */
  dependsOnTime: boolean;
  /** The values of which it requires one, up to case; undefined if it holds for others, too. */
  requiredValues?: readonly Value[] | undefined;
  /** Whether a B-tree finds the values for which it holds. */
  isRange?: boolean;
  /** What a text for which it holds contains. */
  fragment?: TextFragment | undefined;
  /** Whether it is that of `isNull`. */
  isNullTest?: boolean;
}

/** An operator of a filter: a comparison for each operand. */
export type Operator<Value, Operand, Sql> = OperatorBase<Value, Operand, Sql> &
  (
    | {
        /** Whether the comparison with an operand holds for a value. The operand is prepared once, for many values. */
        holds(operand: Operand): (value: Value) => boolean;
      }
    | {
        /** Like `holds`, for a comparison whose result can change as time passes. */
        evaluate(operand: Operand): (value: Value, now: number) => Evaluation;
      }
  );

interface OperatorBase<Value, Operand, Sql> {
  phrase(operand: Operand): string;
  /** The phrase of the negation; by default, `is` becomes `is not`. */
  negatedPhrase?(operand: Operand): string;
  sql(value: Sql, operand: Operand, now: Date): Prisma.Sql;
  /** Whether a B-tree finds the values for which it holds. */
  isRange?: boolean;
  /** The values that it requires, if it holds for no others. */
  requiredValues?(operand: Operand): readonly Value[];
  /** What a text for which it holds contains. */
  fragment?(operand: Operand): TextFragment;
}

/** Operators by name: those of a filter, except for `isNull` and options. */
export type Operators<Filter, Value, Sql, Options extends string = never> = {
  readonly [Name in Exclude<keyof Filter, 'isNull' | Options>]-?: Operator<Value, NonNullable<Filter[Name]>, Sql>;
};

/** The comparisons of a filter: one for each operator that is set. */
export function comparisonsOf<Value, Sql>(
  operators: Readonly<Record<string, Operator<Value, never, Sql>>>,
  filter: Readonly<Record<string, unknown>>,
): Comparison<Value, Sql>[] {
  return Object.entries(operators).flatMap(([name, operator]) => {
    const operand = filter[name];
    if (operand == null) return [];
    // The filter's schema gives each operand the type of its operator.
    return {
      phrase: operator.phrase(operand as never),
      negatedPhrase:
        operator.negatedPhrase?.(operand as never) ?? operator.phrase(operand as never).replace(/^is /, 'is not '),
      sql: (value, now) => operator.sql(value, operand as never, now),
      evaluate: evaluationOf(operator, operand as never),
      dependsOnTime: 'evaluate' in operator,
      isRange: operator.isRange ?? false,
      requiredValues: operator.requiredValues?.(operand as never),
      fragment: operator.fragment?.(operand as never),
    };
  });
}

/** Returns the evaluation of a comparison with an operand. It does not hold for a missing value. */
function evaluationOf<Value, Operand>(
  operator: Operator<Value, Operand, never>,
  operand: Operand,
): Comparison<Value, never>['evaluate'] {
  if ('evaluate' in operator) {
    const evaluate = operator.evaluate(operand);
    return (value, now) => (value === null ? constant(false) : evaluate(value, now));
  }
  const holds = operator.holds(operand);
  return (value) => constant(value !== null && holds(value));
}

/** The comparison of `isNull`, if it is set. @param toSql SQL that is NULL if the value is missing. */
export function presenceOf<Value, Sql>(
  isNull: boolean | null | undefined,
  toSql: (value: Sql) => Prisma.Sql,
): Comparison<Value, Sql>[] {
  if (isNull == null) return [];
  return [
    {
      phrase: isNull ? 'is missing' : 'is present',
      negatedPhrase: isNull ? 'is present' : 'is missing',
      sql: (value) => Prisma.sql`${toSql(value)} IS ${Prisma.raw(isNull ? '' : 'NOT ')}NULL`,
      evaluate: (value) => constant((value === null) === isNull),
      dependsOnTime: false,
      isNullTest: true,
    },
  ];
}

/** Operands in a phrase. */
export const quoteAll = (operands: readonly unknown[]) =>
  operands.length === 0 ? 'nothing' : operands.map((operand) => JSON.stringify(operand)).join(', ');

/** `value IN (…)`; false without operands. */
export function inList(value: Prisma.Sql, operands: readonly Prisma.Sql[]): Prisma.Sql {
  return operands.length === 0 ? Prisma.sql`false` : Prisma.sql`${value} IN (${Prisma.join([...operands])})`;
}

/** `value NOT IN (…)`; holds for every present value without operands. */
export function notInList(value: Prisma.Sql, operands: readonly Prisma.Sql[]): Prisma.Sql {
  return operands.length === 0
    ? Prisma.sql`${value} IS NOT NULL`
    : Prisma.sql`${value} NOT IN (${Prisma.join([...operands])})`;
}

const booleanOperators: Operators<BooleanFilter, boolean, Prisma.Sql> = {
  eq: {
    phrase: (expected) => `is ${expected}`,
    sql: (value, expected) => Prisma.sql`${value} = ${expected}::boolean`,
    holds: (expected) => (value) => value === expected,
    requiredValues: (expected) => [expected],
  },
};

/** The comparisons of a boolean. */
export const booleanComparisons = (filter: BooleanFilter): Comparison<boolean, Prisma.Sql>[] => [
  ...comparisonsOf(booleanOperators, filter),
  ...presenceOf<boolean, Prisma.Sql>(filter.isNull, (value) => value),
];
