import type { Db } from '../client.ts';
import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { Arrays, Columns, FieldSet } from './columns.ts';

/** Where the rows of a connection come from. Its fragments see the parent's id as `parent.id`. */
export interface KeysetSource<Row> {
  /** The table that is paged and counted; `where` and `key` speak of it alone. */
  table: Prisma.Sql;
  /** Which of its rows belong to the parent and pass the filter; names the workspace. */
  where: Prisma.Sql;
  /** The unique UUIDv7 by which they are sorted, newest first. */
  key: Prisma.Sql;
  /** What is joined to the rows of a page, where the table has not got every column. */
  join?: Prisma.Sql;
  /** What is read of each row; as `id`, the key. */
  columns: Columns<Row>;
}

/** Which part of a connection is asked for. */
export interface Page {
  /** Most rows. */
  size: number;
  /** Whether they are taken from the newest end of what is within the bound, or from the oldest. */
  from: 'newest' | 'oldest';
  /** The rows on one side of a key; the row with the key need not exist any more. */
  bound?: { side: 'older' | 'newer'; key: string } | undefined;
  /** False: it does not matter whether there are rows before and after it, which costs a row more to find out. */
  around?: boolean;
}

/** A page of rows, newest first whatever the direction. */
export interface PageOfRows<Row> {
  rows: Keyed<Row>[];
  /** Like the other one, false also where it does not matter. */
  hasNextPage: boolean;
  hasPreviousPage: boolean;
}

/** A row whose id is its sort key. */
export type Keyed<Row> = Row & { id: string };

/** Rows of the largest page that is asked for often. */
const USUAL_SIZE = 100;

/**
 * Reads the same page of many parents with one statement.
 *
 * Each page is read by its key, and where it matters with one row more than asked, to tell whether there are more; with a
 * bound, whether there are rows on its other side is asked in the same statement. Both are subqueries with a limit, which
 * PostgreSQL neither merges nor reorders: they read an index from the bound on, whatever the table's size.
 * @param wanted besides the id.
 */
export async function readPages<Row>(
  db: Db,
  source: KeysetSource<Row>,
  parents: readonly string[],
  page: Page,
  wanted?: FieldSet,
): Promise<Map<string, PageOfRows<Row>>> {
  const { table, where, key, join = Prisma.empty, columns } = source;
  const order = Prisma.raw(page.from === 'newest' ? 'DESC' : 'ASC');
  const beyond = beyondBound(source, page);
  const [found] = await db.query<[Found]>`
    SELECT json_agg(found.place) AS place${beyond.array}, ${columns.arrays(wanted)}
    FROM (
      SELECT parent.place${beyond.column}, page.*
      FROM unnest(${arrayParameter(parents, 'uuid')}) WITH ORDINALITY AS parent(id, place) ${beyond.join}
      LEFT JOIN LATERAL (
        SELECT ${columns.list}
        FROM (
          SELECT * FROM (
            SELECT * FROM ${table} WHERE ${where} AND ${withinBound(key, page)}
            ORDER BY ${key} ${order} LIMIT ${mostRows(page)}
          ) AS ${table} LIMIT ${rowsRead(page)}
        ) AS ${table} ${join}
        ORDER BY ${key} ${order}
      ) AS page ON true
    ) AS found`;
  const rows = columns.rows(found);
  const byPlace = Map.groupBy(rows.keys(), (index) => found.place[index]);
  const sliceAt = (place: number) => {
    const indexes = byPlace.get(place) ?? [];
    const isBeyond = indexes.some((index) => found.beyond?.[index]);
    return sliceOf(indexes.flatMap((index) => rows[index] ?? []).filter(isKeyed), isBeyond, page);
  };
  return new Map(parents.map((parent, index) => [parent, sliceAt(index + 1)]));
}

/**
 * What the statement gives: a row's properties, its parent's place, and whether that one has rows on the other side of the
 * bound. A parent without rows has one whose properties are null.
 */
type Found = Arrays & { place: number[]; beyond?: boolean[] };

function isKeyed<Row>(row: Row & { id?: string | null }): row is Keyed<Row> {
  return row.id != null;
}

function rowsRead({ size, around = true }: Page): number {
  return around ? size + 1 : size;
}

/** What the planner may count on: it does not look at a parameter, and would take a page for a tenth of the table. */
function mostRows({ size }: Page): Prisma.Sql {
  return Prisma.raw(`${Math.max(size, USUAL_SIZE) + 1}`);
}

function withinBound(key: Prisma.Sql, { bound }: Page): Prisma.Sql {
  if (!bound) return Prisma.sql`true`;
  return Prisma.sql`${key} ${Prisma.raw(bound.side === 'older' ? '<' : '>')} ${bound.key}::uuid`;
}

/** Whether there is a row on the other side of the bound, that of the cursor included; asked where it matters. */
function beyondBound({ table, where, key }: KeysetSource<unknown>, { bound, around = true }: Page) {
  if (!bound || !around) return { array: Prisma.empty, column: Prisma.empty, join: Prisma.empty };
  const [operator, order] = bound.side === 'older' ? ['>=', 'ASC'] : ['<=', 'DESC'];
  const join = Prisma.sql`LEFT JOIN LATERAL (
      SELECT ${key} AS key FROM ${table} WHERE ${where} AND ${key} ${Prisma.raw(operator)} ${bound.key}::uuid
      ORDER BY ${key} ${Prisma.raw(order)} LIMIT 1
    ) AS other ON true`;
  return {
    array: Prisma.sql`, json_agg(found.beyond) AS beyond`,
    column: Prisma.sql`, other.key IS NOT NULL AS beyond`,
    join,
  };
}

/** @param beyond whether there are rows on the other side of the bound. */
function sliceOf<Row>(read: Keyed<Row>[], beyond: boolean, { size, from, bound }: Page): PageOfRows<Row> {
  const more = read.length > size;
  const rows = read.slice(0, size);
  const newer = beyond && bound?.side === 'older';
  const older = beyond && bound?.side === 'newer';
  return from === 'newest'
    ? { rows, hasNextPage: more || older, hasPreviousPage: newer }
    : { rows: rows.reverse(), hasNextPage: older, hasPreviousPage: more || newer };
}
