import { QueryTimeoutError } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import type { Arrays, Columns, FieldSet } from './columns.ts';
import { type Page, type PageOfRows, type Position, toPage } from './keyset.ts';

/** The order of the rows: by a value, then by id, both in the same direction. */
export interface Sort {
  /** Undefined: by id alone. */
  key?: SortKey;
  direction: 'asc' | 'desc';
}

/** The value by which rows are sorted. */
export interface SortKey {
  /** SQL of the value, as in the index that is read in this order. */
  value: Prisma.Sql;
  type: 'text' | 'timestamptz' | 'int';
  /** Where rows without a value come; undefined if every row has one. */
  nulls?: 'first' | 'last';
}

/** An instant as PostgreSQL writes it in UTC, with the year at the start. */
const TIMESTAMP = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.\d{1,6})?\+00$/;

/** Whether a text is an instant that PostgreSQL can have written. */
function isTimestamp(text: string): boolean {
  const [, day, time] = TIMESTAMP.exec(text) ?? [];
  const at = new Date(`${day}T${time}Z`);
  // JavaScript moves days that do not exist to the next month.
  return Number.isNaN(at.getTime()) ? /^-?infinity$/.test(text) : at.toISOString().startsWith(`${day}T${time}`);
}

const canBeSortKey: Record<SortKey['type'], (text: string) => boolean> = {
  text: (text) => !text.includes('\0'),
  timestamptz: isTimestamp,
  int: (text) => /^-?\d{1,9}$/.test(text),
};

/** Whether a position can be one of a row in an order. A client can have made up a cursor. */
export function isPositionIn({ key }: Sort, { sortKey }: Position): boolean {
  if (!key || sortKey === undefined) return !key && sortKey === undefined;
  return sortKey === null ? key.nulls !== undefined : canBeSortKey[key.type](sortKey);
}

/** The rows of one table that pass a filter, in an order that a caller chooses. */
export interface OrderedSource<Row> {
  /** The table, whose columns `where`, `id` and the sort key use. */
  table: Prisma.Sql;
  workspaceId: string;
  /** Names the workspace. */
  where: Prisma.Sql;
  id: Prisma.Sql;
  sort: Sort;
  /** Limits the rows to those that have a row in another table. */
  membership?: Membership | undefined;
  /** The columns of a row and of its membership; its `id` is the id of the sort. */
  columns: Columns<Row>;
  /** The error of a page that takes longer than its timeout. */
  timeoutError(timeoutMs: number): Error;
}

/** A table with at most one row for each row of a source. */
export interface Membership {
  table: Prisma.Sql;
  /** Selects the rows of the table; names the workspace. */
  where: Prisma.Sql;
  /** The column with the id of the source's row. */
  memberId: Prisma.Sql;
}

/** Rows with a sort value, or those without one. A page crosses from one group to the other. */
type Group = 'values' | 'nulls';

/** A walk through the rows, in the order of the source or against it. */
interface Walk {
  isBackward: boolean;
  /** Where it starts; undefined: at the first row. */
  from?: { position: Position; isInclusive: boolean } | undefined;
  limit: number;
}

/**
 * Reads a page. Each group of rows is a subquery with a LIMIT that reads an index from the bound on; the second one runs only if
 * the first has too few rows. One ORDER BY over both would read and sort all rows.
 * @param fields the properties to read besides `id`; all, if omitted.
 */
export async function readOrderedPage<Row extends { id: string }>(
  db: ReadDb,
  source: OrderedSource<Row>,
  page: Page,
  fields?: FieldSet,
): Promise<PageOfRows<Row>> {
  const { columns, sort, table, id, membership } = source;
  const { size, from, bound, withNeighbours = true } = page;
  const isBackward = from === 'end';
  const limit = withNeighbours ? size + 1 : size;
  const sortKey = sort.key ? Prisma.sql`(${sort.key.value})::text` : Prisma.sql`NULL`;
  const join = membership
    ? Prisma.sql`JOIN ${membership.table} ON ${membership.where} AND ${membership.memberId} = ${id}`
    : Prisma.empty;
  const walk = { isBackward, limit, from: bound && { position: bound, isInclusive: false } };
  const statement = Prisma.sql`/* readOrderedPage ${table} */
    SELECT json_agg(found.sort_key) AS sort_key, ${isBeyond(source, page)} AS is_beyond, ${columns.arrays(fields)}
    FROM (
      SELECT ${columns.list}, ${sortKey} AS sort_key FROM (${rowsOf(source, walk)}) AS ${table} ${join}
      ORDER BY ${orderOf(source, isBackward)}
    ) AS found`;
  const [arrays] = await db.queryOnce<[OrderedArrays]>(statement).catch((error: unknown) => {
    throw error instanceof QueryTimeoutError ? source.timeoutError(error.timeoutMs) : error;
  });
  const keys = arrays.sort_key ?? [];
  const rows = columns.rows(arrays).map((row, index) => (sort.key ? { ...row, sortKey: keys[index] } : row));
  return toPage(rows, arrays.is_beyond, page);
}

type OrderedArrays = Arrays & { sort_key: (string | null)[] | null; is_beyond: boolean };

/** SQL of whether there is a row at the bound or on its other side. */
function isBeyond(source: OrderedSource<unknown>, { bound, withNeighbours = true }: Page): Prisma.Sql {
  if (!bound || !withNeighbours) return Prisma.sql`false`;
  const from = { position: bound, isInclusive: true };
  return Prisma.sql`EXISTS (${rowsOf(source, { isBackward: bound.side === 'after', from, limit: 1 })})`;
}

/** The ORDER BY list of a page, which has few rows. */
function orderOf({ sort: { key, direction }, id }: OrderedSource<unknown>, isBackward: boolean): Prisma.Sql {
  const order = Prisma.raw((direction === 'asc') === isBackward ? 'DESC' : 'ASC');
  if (!key) return Prisma.sql`${id} ${order}`;
  const nulls = Prisma.raw((key.nulls === 'first') === isBackward ? 'LAST' : 'FIRST');
  return Prisma.sql`${key.value} ${order} NULLS ${nulls}, ${id} ${order}`;
}

function rowsOf(source: OrderedSource<unknown>, walk: Walk): Prisma.Sql {
  const groups = groupsOf(source.sort, walk);
  const [only] = groups;
  if (only && groups.length === 1) return rowsOfGroup(source, walk, only);
  // An Append runs its parts in order, and stops as soon as the LIMIT is reached.
  const parts = groups.map((group) => Prisma.sql`(${rowsOfGroup(source, walk, group)})`);
  return Prisma.sql`SELECT * FROM (${Prisma.join(parts, ' UNION ALL ')}) AS groups LIMIT ${walk.limit}::int`;
}

/** The groups that a walk reads, in order. */
function groupsOf({ key }: Sort, { isBackward, from }: Walk): Group[] {
  if (!key?.nulls) return ['values'];
  const inOrder: Group[] = key.nulls === 'last' ? ['values', 'nulls'] : ['nulls', 'values'];
  const groups = isBackward ? inOrder.reverse() : inOrder;
  return from ? groups.slice(groups.indexOf(groupOf(from.position))) : groups;
}

const groupOf = ({ sortKey }: Position): Group => (sortKey === null ? 'nulls' : 'values');

function rowsOfGroup(source: OrderedSource<unknown>, walk: Walk, group: Group): Prisma.Sql {
  const { table, where, id, sort, membership } = source;
  const { key, direction } = sort;
  const isAscending = (direction === 'asc') !== walk.isBackward;
  const order = Prisma.raw(isAscending ? 'ASC' : 'DESC');
  const isOfGroup = key?.nulls
    ? Prisma.sql`AND ${key.value} IS ${Prisma.raw(group === 'nulls' ? '' : 'NOT ')}NULL`
    : Prisma.empty;
  const sorting = key ? Prisma.sql`${key.value} ${order}, ${id} ${order}` : Prisma.sql`${id} ${order}`;
  const bound =
    walk.from && groupOf(walk.from.position) === group ? beyond(walk.from, isAscending, key, id) : Prisma.empty;
  const isMember = membership
    ? Prisma.sql`AND EXISTS (SELECT FROM ${membership.table} WHERE ${membership.where} AND ${membership.memberId} = ${id})`
    : Prisma.empty;
  return Prisma.sql`SELECT ${table}.* FROM ${table} WHERE ${where} ${isMember} ${isOfGroup} ${bound} ORDER BY ${sorting} LIMIT ${walk.limit}::int`;
}

function beyond(
  { position, isInclusive }: NonNullable<Walk['from']>,
  isAscending: boolean,
  key: SortKey | undefined,
  id: Prisma.Sql,
): Prisma.Sql {
  const operator = Prisma.raw(`${isAscending ? '>' : '<'}${isInclusive ? '=' : ''}`);
  if (!key || position.sortKey == null) return Prisma.sql`AND ${id} ${operator} ${position.id}::uuid`;
  const value = Prisma.sql`${position.sortKey}::text::${Prisma.raw(key.type)}`;
  return Prisma.sql`AND (${key.value}, ${id}) ${operator} (${value}, ${position.id}::uuid)`;
}

/** How many rows a source has. */
export interface Count {
  count: number;
  /** Whether there are more: the count is as far as the limits allowed. */
  isCapped: boolean;
}

/** Rows in the first step of a count, and the time in ms below which the next step is twice as long. */
const FIRST_STEP = 5_000;
const SHORT_STEP_MS = 100;

/**
 * Counts rows up to a maximum, for at most about `budgetMs`. It counts in steps of a range of ids, so that a count that takes too
 * long ends with what it has counted.
 */
export async function countOrdered(
  db: ReadDb,
  source: OrderedSource<unknown>,
  { maximum, budgetMs }: { maximum: number; budgetMs: number },
): Promise<Count> {
  const deadline = performance.now() + budgetMs;
  let position: string | undefined;
  let count = 0;
  for (let step = FIRST_STEP; ; ) {
    const started = performance.now();
    const range = await countStep(db, source, position, step);
    if (!range) return { count, isCapped: true };
    count += range.passed;
    if (count > maximum) return { count: maximum, isCapped: true };
    if (range.read < step || range.last === null) return { count, isCapped: false };
    if (performance.now() > deadline) return { count, isCapped: true };
    position = range.last;
    if (performance.now() - started < SHORT_STEP_MS) step *= 2;
  }
}

/** The rows of one step: those that pass, all that were read, and the last id. */
interface Range {
  passed: number;
  read: number;
  last: string | null;
}

/** Counts the next `step` rows after an id; undefined if that takes too long. */
async function countStep(
  db: ReadDb,
  source: OrderedSource<unknown>,
  after: string | undefined,
  step: number,
): Promise<Range | undefined> {
  const { table, where, id } = source;
  try {
    const [range] = await db.queryOnce<[Range]>(Prisma.sql`/* countOrdered ${table} */
      SELECT count(*) FILTER (WHERE ${where})::int AS passed, count(*)::int AS read, max(${id}::text) AS last
      FROM (${candidates(source, after, step)}) AS ${table}`);
    return range;
  } catch (error) {
    if (error instanceof QueryTimeoutError) return undefined;
    throw error;
  }
}

/** The rows of a step. Those that are limited to members are read in the order of the memberships. */
function candidates(
  { table, id, workspaceId, membership }: OrderedSource<unknown>,
  after: string | undefined,
  step: number,
): Prisma.Sql {
  const isOfWorkspace = Prisma.sql`${table}.workspace_id = ${workspaceId}::uuid`;
  const [from, where, key] = membership
    ? [
        Prisma.sql`${membership.table} JOIN ${table} ON ${isOfWorkspace} AND ${id} = ${membership.memberId}`,
        membership.where,
        membership.memberId,
      ]
    : [table, isOfWorkspace, id];
  const bound = after === undefined ? Prisma.empty : Prisma.sql`AND ${key} > ${after}::uuid`;
  return Prisma.sql`SELECT ${table}.* FROM ${from} WHERE ${where} ${bound} ORDER BY ${key} LIMIT ${step}::int`;
}
