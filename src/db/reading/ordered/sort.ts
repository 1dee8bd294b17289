import { Prisma } from '../../generated/client.ts';
import type { Position } from '../keyset.ts';

/** The order of the rows: by what `key` or `isFirst` says, then by id. */
export type Sort = { direction: 'asc' | 'desc' } & (
  | { key?: undefined; isFirst?: undefined }
  /** By a value, in the same direction as the ids. */
  | { key: SortKey; isFirst?: undefined }
  /** SQL of whether a row comes before those for which it is not true, or of the negation. Arms take it from the walk. */
  | { isFirst: (isNegated: boolean) => Prisma.Sql; key?: undefined }
);

/** The value by which rows are sorted. */
export interface SortKey {
  /** SQL of the value, as in the index that is read in this order. */
  value: Prisma.Sql;
  type: 'text' | 'timestamptz' | 'numeric';
  /** Where rows without a value come; undefined if every row has one. */
  nulls?: 'first' | 'last';
  /** The table with the value, if it is not the source's own; `nulls` is set then. */
  from?: SideTable & {
    /** Whether it has a row also for a row without a value, with NULL. Otherwise, such rows are found by reading all rows. */
    isComplete?: true;
  };
}

/** An instant as PostgreSQL writes it in UTC, with the year at the start. There is no year 0. */
const TIMESTAMP = /^(?!0000)(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?\+00$/;

/** Whether a text is an instant that PostgreSQL can have written. */
function isTimestamp(text: string): boolean {
  const [, day, time] = TIMESTAMP.exec(text) ?? [];
  const at = new Date(`${day}T${time}Z`);
  // JavaScript moves days that do not exist to the next month.
  return Number.isNaN(at.getTime()) ? /^-?infinity$/.test(text) : at.toISOString().startsWith(`${day}T${time}`);
}

/** A number as PostgreSQL writes it. A 64-bit float has up to 309 digits before the point, and 1,074 behind it. */
const NUMERIC = /^-?\d{1,1100}(\.\d{1,1100})?$/;

const canBeSortKey: Record<SortKey['type'], (text: string) => boolean> = {
  text: (text) => !text.includes('\0'),
  timestamptz: isTimestamp,
  numeric: (text) => NUMERIC.test(text),
};

/** Whether a position can be one of a row in an order. A client can have made up a cursor. */
export function isPositionIn({ key, isFirst }: Sort, { sortKey }: Position): boolean {
  if (isFirst) return sortKey === 'first' || sortKey === 'rest';
  if (!key || sortKey === undefined) return !key && sortKey === undefined;
  return sortKey === null ? key.nulls !== undefined : canBeSortKey[key.type](sortKey);
}

/** A table with at most one row for each row of a source. */
export interface SideTable {
  table: Prisma.Sql;
  /** Selects the rows of the table; names the workspace. */
  where: Prisma.Sql;
  /** The column with the id of the source's row. */
  rowId: Prisma.Sql;
}

/**
 * Rows that follow each other in an order: those with a sort value and those without one, or those that come first and the rest.
 * Each group is read by an index of its own, and a page crosses from one group to the next.
 */
export interface Group {
  name: 'values' | 'nulls' | 'first' | 'rest';
  /** SQL that is appended to a condition: the row is of the group. */
  condition: Prisma.Sql;
  /** SQL of the sort value, which is selected as `sort_key`. */
  value: Prisma.Sql;
  /** The key by which the rows of the group are sorted, before their ids. */
  key?: SortKey;
  /** The table with the value, whose index has the rows of the group. */
  from?: SideTable | undefined;
}

/** The groups of an order, from its start. @param id SQL of the id of a row. */
export function allGroups({ key, isFirst }: Sort, id: Prisma.Sql): Group[] {
  if (isFirst) {
    return [
      { name: 'first', condition: Prisma.sql`AND ${isFirst(false)}`, value: Prisma.sql`'first'` },
      { name: 'rest', condition: Prisma.sql`AND ${isFirst(true)}`, value: Prisma.sql`'rest'` },
    ];
  }
  if (!key) return [{ name: 'values', condition: Prisma.empty, value: Prisma.sql`NULL::text` }];
  const { value, type, nulls, from } = key;
  const hasNoRow = from && !from.isComplete;
  const isNull = hasNoRow
    ? // Evaluated for one row after the other: PostgreSQL would join all rows for NOT EXISTS.
      Prisma.sql`AND (SELECT true FROM ${from.table} WHERE ${from.where} AND ${from.rowId} = ${id} LIMIT 1) IS NULL`
    : Prisma.sql`AND ${value} IS NULL`;
  const withNull: Group = {
    name: 'nulls',
    condition: isNull,
    value: Prisma.sql`NULL::${Prisma.raw(type)}`,
    from: hasNoRow ? undefined : from,
  };
  const isPresent = nulls && !hasNoRow ? Prisma.sql`AND ${value} IS NOT NULL` : Prisma.empty;
  const withValue: Group = { name: 'values', condition: isPresent, value, key, from };
  if (!nulls) return [withValue];
  return nulls === 'last' ? [withValue, withNull] : [withNull, withValue];
}

/** The group of a position in an order. */
export function groupOf({ isFirst }: Sort, { sortKey }: Position): Group['name'] {
  if (isFirst) return sortKey === 'first' ? 'first' : 'rest';
  return sortKey === null ? 'nulls' : 'values';
}

/** SQL of a join to the rows of a side table. */
export const joinTo = ({ table, where, rowId }: SideTable, id: Prisma.Sql) =>
  Prisma.sql`JOIN ${table} ON ${where} AND ${rowId} = ${id}`;
