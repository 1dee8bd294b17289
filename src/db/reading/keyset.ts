import { MAX_BATCH_SIZE } from '../batching.ts';
import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import type { Arrays, FieldSet } from './columns.ts';
import { type KeysetSource, querySource, sourceText } from './keyset-source.ts';
import { addResults, joinRelated, type RelatedRead } from './related.ts';

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
 * @param related read by the same statement, for forward pages of at most `MAX_BATCH_SIZE` rows; `resultOf` returns the results.
 */
export async function readPages<Row>(
  db: ReadDb,
  source: KeysetSource<Row>,
  parents: readonly string[],
  page: Page,
  fields?: FieldSet,
  related: readonly RelatedRead[] = [],
): Promise<Map<string, PageOfRows<Row>>> {
  const { table } = source;
  const pages = rowsOfPages(source, page, arrayParameter(parents, 'uuid'));
  const select = selectArrays(source, page, fields);
  if (related.length === 0 || parents.length * page.size > MAX_BATCH_SIZE || isBackward(page)) {
    const statement = Prisma.sql`/* readPages ${table} */ ${select} FROM (${pages}) AS found`;
    return toPages(source, page, parents, await queryArrays(db, source, statement));
  }
  // Related rows are looked up for all rows together. A join for each row would make the statement 1.8 times as expensive
  // (docs/performance-steps.md).
  const { list, joins } = joinRelated(related, Prisma.sql`ARRAY(SELECT id FROM parents WHERE id IS NOT NULL)`);
  const statement = Prisma.sql`/* readPages ${table} with related rows */
    WITH parents AS MATERIALIZED (${pages})
    SELECT own.*, ${list} FROM (${select} FROM parents AS found) AS own ${joins}`;
  return toPages(source, page, parents, await queryArrays(db, source, statement), '', related);
}

/** Backward pages are rare, and their statements would double the number of prepared ones. */
const isBackward = ({ from, bound }: Page): boolean => from === 'end' || bound?.side === 'before';

/** A page of a connection of rows, for the statement of the rows, whose ids are those of the parents. */
export function pageRead<Row>(source: KeysetSource<Row>, page: Page, fields: FieldSet): RelatedRead<PageOfRows<Row>> {
  return {
    text: `${sourceText(source)} ${JSON.stringify(page)} ${[...fields].join()}`,
    select: (ids, prefix) =>
      Prisma.sql`${selectArrays(source, page, fields, prefix)} FROM (${rowsOfPages(source, page, ids)}) AS found`,
    values: (arrays, prefix, parents) => toPages(source, page, parents, arrays, prefix),
  };
}

/**
 * The result of the statement: for each row its properties, the position of its parent, and whether that parent has rows on the
 * other side of the bound. A parent without rows has one row whose properties are null.
 */
function selectArrays(
  { columns }: KeysetSource<unknown>,
  page: Page,
  fields: FieldSet | undefined,
  prefix = '',
): Prisma.Sql {
  const names = checksBeyond(page) ? ['place', 'beyond'] : ['place'];
  const own = names.map((name) => `json_agg(found.${name}) AS "${prefix}${name}"`).join(', ');
  return Prisma.sql`SELECT ${Prisma.raw(own)}, ${columns.arrays(fields, prefix)}`;
}

/** SELECT of the rows of the pages of parents. @param ids SQL array of the ids of the parents. */
function rowsOfPages(source: KeysetSource<unknown>, page: Page, ids: Prisma.Sql): Prisma.Sql {
  const { table, where, key, join = Prisma.empty, columns } = source;
  const order = Prisma.raw(page.from === 'start' ? 'DESC' : 'ASC');
  const beyond = beyondBound(source, page);
  return Prisma.sql`
      SELECT parent.place${beyond.column}, page.*
      FROM unnest(${ids}) WITH ORDINALITY AS parent(id, place) ${beyond.join}
      LEFT JOIN LATERAL (
        SELECT ${columns.list}
        FROM (
          SELECT * FROM (
            SELECT * FROM ${table} WHERE ${where} AND ${withinBound(source, page)}
            ORDER BY ${key} ${order} LIMIT ${plannedLimit(page)}
          ) AS ${table} LIMIT ${limitOf(page)}
        ) AS ${table} ${join}
        ORDER BY ${key} ${order}
      ) AS page ON true`;
}

async function queryArrays(db: ReadDb, source: KeysetSource<unknown>, statement: Prisma.Sql): Promise<Arrays> {
  const [arrays] = await querySource<[Arrays]>(db, source, statement);
  return arrays;
}

/** Makes the pages of parents from the arrays of their rows. @param related reads that the statement contained. */
function toPages<Row>(
  { columns }: KeysetSource<Row>,
  page: Page,
  parents: readonly string[],
  arrays: Arrays,
  prefix = '',
  related: readonly RelatedRead[] = [],
): Map<string, PageOfRows<Row>> {
  const rows = columns.rows(arrays, prefix);
  if (related.length > 0) addResults(rows.flatMap((row) => row ?? []).filter(isKeyed), related, arrays);
  const [places = [], beyond = []] = [arrays[`${prefix}place`] ?? [], arrays[`${prefix}beyond`] ?? []];
  const found = parents.map(() => ({ rows: [] as Keyed<Row>[], isBeyond: false }));
  for (const [index, row] of rows.entries()) {
    const ofParent = found[Number(places[index]) - 1];
    if (ofParent && row && isKeyed(row)) ofParent.rows.push(row);
    if (ofParent && beyond[index] === true) ofParent.isBeyond = true;
  }
  return new Map(found.map(({ rows, isBeyond }, index) => [parents[index] ?? '', toPage(rows, isBeyond, page)]));
}

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

/** Whether the statement checks for a row on the other side of the bound. */
const checksBeyond = ({ bound, withNeighbours = true }: Page) => bound !== undefined && withNeighbours;

/** Checks for a row on the other side of the bound, or at the bound; nothing if the page needs no neighbours. */
function beyondBound(source: KeysetSource<unknown>, page: Page): { column: Prisma.Sql; join: Prisma.Sql } {
  const { table, where, key } = source;
  const { bound } = page;
  if (!bound || !checksBeyond(page)) return { column: Prisma.empty, join: Prisma.empty };
  const [operator, order] = bound.side === 'after' ? ['>=', 'ASC'] : ['<=', 'DESC'];
  const join = Prisma.sql`LEFT JOIN LATERAL (
      SELECT ${key} AS key FROM ${table} WHERE ${where} AND ${key} ${Prisma.raw(operator)} ${keyAt(source, bound)}
      ORDER BY ${key} ${Prisma.raw(order)} LIMIT 1
    ) AS other ON true`;
  return { column: Prisma.sql`, other.key IS NOT NULL AS beyond`, join };
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
