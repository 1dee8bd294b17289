import type { Prisma } from '../../db/generated/client.ts';
import type { Comparison } from './comparisons.ts';
import type { Evaluable } from './evaluation.ts';

/** What the test of a row is compiled for. */
export interface RowScope {
  workspaceId: string;
  /** The instant that `within` and `before` refer to. */
  now: Date;
  /** All names of the workspace's events; undefined if there are too many, or if they have not been read. */
  eventNames?: readonly string[] | undefined;
}

/** A test of one row that belongs to a user: a device, a membership or an event. */
export interface RowTest<Row> extends Evaluable<Row> {
  /** False or NULL if the row does not pass. */
  sql(scope: RowScope): Prisma.Sql;
  /** The test in words, such as `value is 5`; omitted if the description of the rows includes it. */
  phrase?: string;
  /** Whether the result can change as time passes. */
  dependsOnTime?: boolean;
  /** Whether an index finds the rows that pass. */
  isIndexed?: boolean;
  /** SQL of a condition that the test implies and that an optional index serves. */
  indexed?: Prisma.Sql | undefined;
}

/** A part of a row that is compared. */
interface RowPart<Row, Value, Sql, Compared extends Comparison<Value, Sql>> {
  name: string;
  sql: Sql;
  indexed?(comparison: Compared): Prisma.Sql | undefined;
  of(row: Row): Value | null;
}

/** The tests of a part of a row: one for each comparison. */
export function testsOfPart<Row, Value, Sql, Compared extends Comparison<Value, Sql> = Comparison<Value, Sql>>(
  comparisons: readonly Compared[],
  { name, sql, of, indexed }: RowPart<Row, Value, Sql, Compared>,
): RowTest<Row>[] {
  return comparisons.map((comparison) => ({
    sql: ({ now }) => comparison.sql(sql, now),
    evaluate: (row, now) => comparison.evaluate(of(row), now),
    phrase: `${name} ${comparison.phrase}`,
    dependsOnTime: comparison.dependsOnTime,
    indexed: indexed?.(comparison),
  }));
}

/** The test of a part of a filter, if it is set. */
export const testIfSet = <Input, Row>(
  input: Input | null | undefined,
  toTest: (input: Input) => RowTest<Row>,
): RowTest<Row>[] => (input == null ? [] : [toTest(input)]);

/** A description of rows, with the phrases of the tests in parentheses. */
export function withDetails(description: string, tests: readonly Pick<RowTest<never>, 'phrase'>[]): string {
  const details = tests.flatMap((test) => test.phrase ?? []);
  return details.length === 0 ? description : `${description} (${details.join(', ')})`;
}
