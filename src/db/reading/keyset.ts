import { explainTimeout } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import type { Arrays, Columns, FieldSet } from './columns.ts';

/** Where the rows of a connection come from. Its fragments refer to the parent's id as `parent.id`. */
export interface KeysetSource<Row> {
  /** The table that is paged and counted; `where` and `key` use its columns only. */
  table: Prisma.Sql;
  /** Selects the rows that belong to the parent and pass the filter; names the workspace. */
  where: Prisma.Sql;
  /** The unique value that sorts the rows, newest first: a UUIDv7, unless there is `keyOf`. */
  key: Prisma.Sql;
  /** The SQL of the key of a position. By default, its id is the key. */
  keyOf?(id: string): Prisma.Sql;
  /** Joined to the rows of a page if the table lacks some of the columns. */
  join?: Prisma.Sql;
  /** The columns of a row; its `id` is the key. */
  columns: Columns<Row>;
  /**
   * The error of a statement that takes longer than its timeout. Set if a caller has determined the text of the fragments, whose
   * statements are not prepared.
   */
  timeoutError?(timeoutMs: number): Error;
}

/** Runs a statement of a source. */
export function querySource<Rows>(db: ReadDb, source: KeysetSource<unknown>, statement: Prisma.Sql): Promise<Rows> {
  const { timeoutError } = source;
  return timeoutError ? explainTimeout(db.queryOnce<Rows>(statement), timeoutError) : db.query<Rows>(statement);
}

/** The position of a row in its order. */
export interface Position {
  id: string;
  /** The value by which the row is sorted, as text; null if it has none. Undefined if rows are sorted by id alone. */
  sortKey?: string | null | undefined;
}

interface Bound extends Position {
  side: 'after' | 'before';
}

/** A page of a connection. */
export interface Page {
  /** Maximum number of rows. */
  size: number;
  /** The end of the rows within the bound at which the page starts. */
  from: 'start' | 'end';
  /** Restricts the page to the rows on one side of a position. A row need not be there. */
  bound?: Bound | undefined;
  /** Whether `hasNextPage` and `hasPreviousPage` are needed (default true), which costs one more row. */
  withNeighbours?: boolean;
}

/** The rows of a page, in the order of the connection regardless of the direction. */
export interface PageOfRows<Row> {
  rows: Keyed<Row>[];
  /** False, like `hasPreviousPage`, if the page was read without neighbours. */
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A row with its position. */
export type Keyed<Row> = Row & Position;

/** The page size that the planner assumes for all smaller pages, so that they share one plan. */
const COMMON_PAGE_SIZE = 100;

/**
 * Reads the same page of several parents with one statement.
 *
 * It reads each page by key and, with neighbours, one row more than the page's size: that row shows whether there are more.
 * The same statement checks for rows on the other side of the bound. Both are subqueries with a LIMIT, which PostgreSQL
 * neither merges nor reorders: they read an index from the bound on, regardless of the size of the table.
 * @param fields the properties to read besides `id`; all, if omitted.
 */
export async function readPages<Row>(
  db: ReadDb,
  source: KeysetSource<Row>,
  parents: readonly string[],
  page: Page,
  fields?: FieldSet,
): Promise<Map<string, PageOfRows<Row>>> {
  const { table, where, key, join = Prisma.empty, columns } = source;
  const order = Prisma.raw(page.from === 'start' ? 'DESC' : 'ASC');
  const beyond = beyondBound(source, page);
  const statement = Prisma.sql`/* readPages ${table} */
    SELECT json_agg(found.place) AS place${beyond.array}, ${columns.arrays(fields)}
    FROM (
      SELECT parent.place${beyond.column}, page.*
      FROM unnest(${arrayParameter(parents, 'uuid')}) WITH ORDINALITY AS parent(id, place) ${beyond.join}
      LEFT JOIN LATERAL (
        SELECT ${columns.list}
        FROM (
          SELECT * FROM (
            SELECT * FROM ${table} WHERE ${where} AND ${withinBound(source, page)}
            ORDER BY ${key} ${order} LIMIT ${plannedLimit(page)}
          ) AS ${table} LIMIT ${limitOf(page)}
        ) AS ${table} ${join}
        ORDER BY ${key} ${order}
      ) AS page ON true
    ) AS found`;
  const [arrays] = await querySource<[PageArrays]>(db, source, statement);
  const rows = columns.rows(arrays);
  const indexesByPlace = Map.groupBy(rows.keys(), (index) => arrays.place[index]);
  const pageAt = (place: number) => {
    const indexes = indexesByPlace.get(place) ?? [];
    const isBeyond = indexes.some((index) => arrays.beyond?.[index]);
    return toPage(indexes.flatMap((index) => rows[index] ?? []).filter(isKeyed), isBeyond, page);
  };
  return new Map(parents.map((parent, index) => [parent, pageAt(index + 1)]));
}

/**
 * The result of the statement: for each row its properties, the position of its parent, and whether that parent has rows on the
 * other side of the bound. A parent without rows has one row whose properties are null.
 */
type PageArrays = Arrays & { place: number[]; beyond?: boolean[] };

function isKeyed<Row>(row: Row & { id?: string | null }): row is Keyed<Row> {
  return row.id != null;
}

function limitOf({ size, withNeighbours = true }: Page): number {
  return withNeighbours ? size + 1 : size;
}

/**
 * A limit in the text of the statement. The planner does not know the value of a parameter and would assume a tenth of the
 * table.
 */
function plannedLimit({ size }: Page): Prisma.Sql {
  return Prisma.raw(`${Math.max(size, COMMON_PAGE_SIZE) + 1}`);
}

const keyAt = ({ keyOf }: KeysetSource<unknown>, { id }: Bound) => keyOf?.(id) ?? Prisma.sql`${id}::uuid`;

function withinBound(source: KeysetSource<unknown>, { bound }: Page): Prisma.Sql {
  if (!bound) return Prisma.sql`true`;
  return Prisma.sql`${source.key} ${Prisma.raw(bound.side === 'after' ? '<' : '>')} ${keyAt(source, bound)}`;
}

/** Checks for a row on the other side of the bound, or at the bound; nothing if the page needs no neighbours. */
function beyondBound(source: KeysetSource<unknown>, { bound, withNeighbours = true }: Page) {
  const { table, where, key } = source;
  if (!bound || !withNeighbours) return { array: Prisma.empty, column: Prisma.empty, join: Prisma.empty };
  const [operator, order] = bound.side === 'after' ? ['>=', 'ASC'] : ['<=', 'DESC'];
  const join = Prisma.sql`LEFT JOIN LATERAL (
      SELECT ${key} AS key FROM ${table} WHERE ${where} AND ${key} ${Prisma.raw(operator)} ${keyAt(source, bound)}
      ORDER BY ${key} ${Prisma.raw(order)} LIMIT 1
    ) AS other ON true`;
  return {
    array: Prisma.sql`, json_agg(found.beyond) AS beyond`,
    column: Prisma.sql`, other.key IS NOT NULL AS beyond`,
    join,
  };
}

/**
 * Makes a page of the rows that were read: one more than its size if there are more.
 * @param isBeyond whether there are rows on the other side of the bound.
 */
export function toPage<Row>(rowsRead: Keyed<Row>[], isBeyond: boolean, { size, from, bound }: Page): PageOfRows<Row> {
  const hasMore = rowsRead.length > size;
  const rows = rowsRead.slice(0, size);
  const isAfterStart = isBeyond && bound?.side === 'after';
  const isBeforeEnd = isBeyond && bound?.side === 'before';
  return from === 'start'
    ? { rows, hasNextPage: hasMore || isBeforeEnd, hasPreviousPage: isAfterStart }
    : { rows: rows.reverse(), hasNextPage: isBeforeEnd, hasPreviousPage: hasMore || isAfterStart };
}

/**
 * Merges the same page of several parents: rows that several of them have appear once. Whatever is within the bound of one
 * page and is missing from it lies beyond its last row, and so beyond the merged page.
 */
export function mergePages<Row>(pages: readonly PageOfRows<Row>[], { size, from }: Page): PageOfRows<Row> {
  const byId = new Map(pages.flatMap(({ rows }) => rows.map((row) => [row.id, row])));
  const sorted = [...byId.values()].sort((one, other) => (one.id < other.id ? 1 : -1));
  const hasMore = sorted.length > size;
  const isFromStart = from === 'start';
  return {
    rows: isFromStart ? sorted.slice(0, size) : sorted.slice(-size),
    hasNextPage: (isFromStart && hasMore) || pages.some(({ hasNextPage }) => hasNextPage),
    hasPreviousPage: (!isFromStart && hasMore) || pages.some(({ hasPreviousPage }) => hasPreviousPage),
  };
}
