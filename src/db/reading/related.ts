import { Prisma } from '../generated/client.ts';
import type { Arrays } from './columns.ts';

/** A read of related rows that can be part of the statement of their parents. */
export interface RelatedRead<Value = unknown> {
  /** Identifies the read: equal texts mean equal results. */
  text: string;
  /**
   * A SELECT of one row of arrays.
   * @param ids SQL array of the ids of the parents. @param prefix of the names of the arrays.
   */
  select(ids: Prisma.Sql, prefix: string): Prisma.Sql;
  /** A value for each parent. @param ids of the parents, in the order of the SQL array. */
  values(arrays: Arrays, prefix: string, ids: readonly string[]): ReadonlyMap<string, Value>;
}

/** The prefix of the arrays of a read in a statement of several. */
const prefixOf = (place: number) => `${place}.`;

/** The results of related reads by the text of the read, for all rows of a statement. */
type Results = ReadonlyMap<string, ReadonlyMap<string, unknown>>;

const results: unique symbol = Symbol('results');

/** A row with the results of the reads that its statement contained. */
interface RowWithResults {
  readonly id: string;
  [results]?: Results;
}

/**
 * SQL that joins the results of related reads, and the select list of their arrays.
 * @param related at least one. @param ids as for `RelatedRead.select`.
 */
export function joinRelated(related: readonly RelatedRead[], ids: Prisma.Sql): { list: Prisma.Sql; joins: Prisma.Sql } {
  const names = related.map((_, place) => Prisma.raw(`related_${place}`));
  const joins = related.map(
    ({ select }, place) => Prisma.sql`CROSS JOIN LATERAL (${select(ids, prefixOf(place))}) AS ${names[place]}`,
  );
  return { list: Prisma.join(names.map((name) => Prisma.sql`${name}.*`)), joins: Prisma.join(joins, ' ') };
}

/** Adds the results of related reads to the rows of their statement, for `resultOf`. */
export function addResults(
  rows: readonly { readonly id: string }[],
  related: readonly RelatedRead[],
  arrays: Arrays,
): void {
  const ids = rows.map(({ id }) => id);
  const found: Results = new Map(
    related.map(({ text, values }, place) => [text, values(arrays, prefixOf(place), ids)]),
  );
  for (const row of rows as readonly RowWithResults[]) row[results] = found;
}

/** The result of a related read for a row; undefined if the statement of the row did not contain the read. */
export function resultOf<Value>(row: object, id: string, { text }: RelatedRead<Value>): Value | undefined {
  // The text identifies the read, and thereby the type of its values.
  return (row as RowWithResults)[results]?.get(text)?.get(id) as Value | undefined;
}
