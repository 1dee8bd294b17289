import { explainTimeout, unlessTimeout } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import type { Columns, FieldSet } from './columns.ts';
import { type Keyed, type Page, type PageOfRows, type Position, toPage } from './keyset.ts';

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
  /** The table with the value, if it is not the source's own: it has no row for a row without a value, so `nulls` is set. */
  from?: SideTable;
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

/** The rows of one table that pass a filter, in an order that a caller chooses. */
export interface OrderedSource<Row> {
  /** The table, whose columns `where`, `id` and the sort key use. */
  table: Prisma.Sql;
  workspaceId: string;
  /** The conditions of the filter. */
  conditions(db: ReadDb): Promise<Conditions>;
  id: Prisma.Sql;
  sort: Sort;
  /** Limits the rows to those that have a row in another table. */
  membership?: SideTable | undefined;
  /** The columns of a row and of its membership; its `id` is the id of the sort. */
  columns: Columns<Row>;
  /** The error of a page that takes longer than its timeout. */
  timeoutError(timeoutMs: number): Error;
}

/** The conditions of a filter: SQL that names the workspace. */
export interface Conditions {
  /** Evaluated for one row after the other. */
  where: Prisma.Sql;
  /** Conditions whose union is `where`, by which PostgreSQL finds rows; `where` if omitted. */
  arms?(walk: Walk): Prisma.Sql[];
  /** Whether an index finds the rows of each arm. */
  isIndexed?: boolean;
  /**
   * A statement that selects the ids of the rows that pass among the next few thousand, as `id`: where the planner cannot tell
   * whether many rows pass. Only if they are too few, the arms are read.
   */
  probe?(walk: Walk): Prisma.Sql;
  /** The order, if it depends on what was read for the conditions. Its cursors are those of the source's `sort`. */
  sort?: Sort;
}

/** A source with its conditions. */
export type PreparedSource = Omit<OrderedSource<unknown>, 'conditions'> & Omit<Conditions, 'sort'>;

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
interface Group {
  name: 'values' | 'nulls' | 'first' | 'rest';
  /** SQL that is appended to a condition: the row is of the group. */
  condition: Prisma.Sql;
  /** SQL of the sort value, which is selected as `sort_key`. */
  value: Prisma.Sql;
  /** The key by which the rows of the group are sorted, before their ids. */
  key?: SortKey;
}

/** How the rows of a source are walked. */
export interface Walk {
  isAscending: boolean;
  /** The group of rows that is read; undefined: all. */
  group?: Group['name'];
  /** SQL that is appended to a condition: an id is beyond the cursor. Empty if there is none, or if rows are not sorted by id. */
  within(id: Prisma.Sql): Prisma.Sql;
}

/** A range of the rows, in the order of the source or against it. */
interface RowRange {
  isBackward: boolean;
  /** Where it starts; undefined: at the first row. */
  from?: { position: Position; isInclusive: boolean } | undefined;
  limit: number;
}

/**
 * How PostgreSQL plans a range: to find the first rows soon, or to find all rows soon and sort them. The former takes long if rows
 * are where the planner does not expect them: if those with a frequent value are the oldest, it reads nearly all rows to find some.
 */
type Goal = 'first rows' | 'all rows';

/** Time in ms after which a plan for the first rows gives way to one for all rows. */
const FIRST_ROWS_MS = 150;

/** Time in ms after which a plan for all rows, which has probed the first ones, gives way to one for the first rows. */
const ALL_ROWS_MS = 750;

/**
 * Reads a page. Each group of rows is a subquery with a LIMIT that reads an index from the bound on; the second one runs only if
 * the first has too few rows. One ORDER BY over both would read and sort all rows. The statement is planned each time: it selects
 * rows, and not arrays as `readPages` does, which take three times as long to plan.
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
  const range = { isBackward, limit, from: bound && { position: bound, isInclusive: false } };
  const prepared = await prepare(db, source);
  const found = await readByGoal<Row & OrderedRow>(
    db,
    prepared,
    (goal) => Prisma.sql`/* readOrderedPage ${table} */
    SELECT ${columns.listOf(fields)}, ${table}.sort_key::text AS "sortKey"
    FROM (${rowsOf(prepared, range, goal)}) AS ${table} ${membership ? joinTo(membership, id) : Prisma.empty}
    ORDER BY ${orderOf(prepared, isBackward)}`,
  );
  const isBeyond = bound && withNeighbours ? await hasRowsBeyond(db, prepared, bound) : false;
  const rows = found.map(({ sortKey, ...row }) => (sort.key || sort.isFirst ? { ...row, sortKey } : row));
  // The columns' author knows that their rows have the properties that are selected.
  return toPage(rows as unknown as Keyed<Row>[], isBeyond, page);
}

/** @throws the source's error if reading what the conditions need takes too long. */
async function prepare(db: ReadDb, source: OrderedSource<unknown>): Promise<PreparedSource> {
  return { ...source, ...(await explainTimeout(source.conditions(db), source.timeoutError)) };
}

/** @throws the source's error for a statement that takes too long by both plans. */
async function readByGoal<Row>(
  db: ReadDb,
  { isIndexed = false, probe, sort, timeoutError }: PreparedSource,
  statement: (goal: Goal) => Prisma.Sql,
): Promise<Row[]> {
  const [first, second, firstMs]: [Goal, Goal, number] =
    probe && !sort.key ? ['all rows', 'first rows', ALL_ROWS_MS] : ['first rows', 'all rows', FIRST_ROWS_MS];
  if (isIndexed) {
    const found = await unlessTimeout(db.queryOnce<Row[]>(statement(first), firstMs));
    if (found) return found;
  }
  return explainTimeout(db.queryOnce<Row[]>(statement(isIndexed ? second : 'first rows')), timeoutError);
}

/** What a statement selects besides the properties of a row. */
interface OrderedRow {
  sortKey: string | null;
}

/** A limit for which the planner does not assume that a row comes soon. */
const PLANNED_ROWS = 30;

/** Whether there is a row at the bound or on its other side. As a rule, the row is there from which the cursor was made. */
async function hasRowsBeyond(db: ReadDb, source: PreparedSource, bound: NonNullable<Page['bound']>): Promise<boolean> {
  const { table, where, id, sort } = source;
  if (!sort.key) {
    const ofGroup = allGroups(sort, id).find(({ name }) => name === groupOf(sort, bound))?.condition ?? Prisma.empty;
    const [atBound] = await readByGoal(
      db,
      { ...source, isIndexed: false },
      () => Prisma.sql`/* hasRowsBeyond ${table} at the bound */
      SELECT FROM ${table} WHERE ${where} ${isMember(source)} ${ofGroup} AND ${id} = ${bound.id}::uuid`,
    );
    if (atBound) return true;
  }
  const range = {
    isBackward: bound.side === 'after',
    from: { position: bound, isInclusive: true },
    limit: PLANNED_ROWS,
  };
  const rows = await readByGoal(
    db,
    source,
    (goal) => Prisma.sql`/* hasRowsBeyond ${table} */ SELECT FROM (${rowsOf(source, range, goal)}) AS beyond`,
  );
  return rows.length > 0;
}

/** The ORDER BY list of a page, which has few rows. */
function orderOf({ sort: { key, isFirst, direction }, table, id }: PreparedSource, isBackward: boolean): Prisma.Sql {
  const order = Prisma.raw((direction === 'asc') === isBackward ? 'DESC' : 'ASC');
  if (isFirst) return Prisma.sql`${table}.sort_key ${Prisma.raw(isBackward ? 'DESC' : 'ASC')}, ${id} ${order}`;
  if (!key) return Prisma.sql`${id} ${order}`;
  const nulls = Prisma.raw((key.nulls === 'first') === isBackward ? 'LAST' : 'FIRST');
  return Prisma.sql`${table}.sort_key ${order} NULLS ${nulls}, ${id} ${order}`;
}

function rowsOf(source: PreparedSource, range: RowRange, goal: Goal): Prisma.Sql {
  const groups = groupsOf(source, range);
  const [only] = groups;
  if (only && groups.length === 1) return rowsOfGroup(source, range, goal, only);
  // An Append runs its parts in order, and stops as soon as the LIMIT is reached.
  const parts = groups.map((group) => Prisma.sql`(${rowsOfGroup(source, range, goal, group)})`);
  return Prisma.sql`SELECT * FROM (${Prisma.join(parts, ' UNION ALL ')}) AS groups LIMIT ${range.limit}::int`;
}

/** The groups that a range reads, in order. */
function groupsOf({ sort, id }: PreparedSource, { isBackward, from }: RowRange): Group[] {
  const inOrder = allGroups(sort, id);
  const groups = isBackward ? inOrder.reverse() : inOrder;
  return from ? groups.slice(groups.findIndex(({ name }) => name === groupOf(sort, from.position))) : groups;
}

/** The groups of an order, from its start. */
function allGroups({ key, isFirst }: Sort, id: Prisma.Sql): Group[] {
  if (isFirst) {
    return [
      { name: 'first', condition: Prisma.sql`AND ${isFirst(false)}`, value: Prisma.sql`'first'` },
      { name: 'rest', condition: Prisma.sql`AND ${isFirst(true)}`, value: Prisma.sql`'rest'` },
    ];
  }
  if (!key) return [{ name: 'values', condition: Prisma.empty, value: Prisma.sql`NULL::text` }];
  const { value, type, nulls, from } = key;
  const isNull = from
    ? Prisma.sql`AND NOT EXISTS (SELECT FROM ${from.table} WHERE ${from.where} AND ${from.rowId} = ${id})`
    : Prisma.sql`AND ${value} IS NULL`;
  const withNull: Group = { name: 'nulls', condition: isNull, value: Prisma.sql`NULL::${Prisma.raw(type)}` };
  const isPresent = nulls && !from ? Prisma.sql`AND ${value} IS NOT NULL` : Prisma.empty;
  const withValue: Group = { name: 'values', condition: isPresent, value, key };
  if (!nulls) return [withValue];
  return nulls === 'last' ? [withValue, withNull] : [withNull, withValue];
}

/** The group of a position in an order. */
function groupOf({ isFirst }: Sort, { sortKey }: Position): Group['name'] {
  if (isFirst) return sortKey === 'first' ? 'first' : 'rest';
  return sortKey === null ? 'nulls' : 'values';
}

function rowsOfGroup(
  source: PreparedSource,
  { isBackward, from, limit }: RowRange,
  goal: Goal,
  { name, condition, value, key }: Group,
): Prisma.Sql {
  const { table, where, arms, id, sort } = source;
  const isAscending = (sort.direction === 'asc') !== isBackward;
  const order = Prisma.raw(isAscending ? 'ASC' : 'DESC');
  const start = from && groupOf(sort, from.position) === name ? from : undefined;
  // Of the table with the index.
  const keyId = key?.from?.rowId ?? id;
  const bound = start ? beyond(start, isAscending, key, keyId) : Prisma.empty;
  const within = (of: Prisma.Sql) => (start && !key ? beyond(start, isAscending, undefined, of) : Prisma.empty);
  const walk: Walk = { isAscending, within, group: name };
  const armsOfGroup = arms
    ? arms(walk).map(
        (arm) => Prisma.sql`${arm} ${isMember(source)} ${sort.isFirst ? Prisma.empty : condition} ${bound}`,
      )
    : [Prisma.sql`${where} ${isMember(source)} ${condition} ${bound}`];
  const joined = key?.from ? Prisma.sql`${table} ${joinTo(key.from, id)}` : table;
  const sorted = (keySql: Prisma.Sql, idSql: Prisma.Sql) =>
    Prisma.sql`ORDER BY ${key ? Prisma.sql`${keySql} ${order},` : Prisma.empty} ${idSql} ${order} LIMIT ${limit}::int`;
  const select = (columns: Prisma.Sql, of: Prisma.Sql, how = goal) => {
    const rows = Prisma.sql`SELECT ${columns}, ${value} AS sort_key FROM ${joined} WHERE ${of}`;
    if (how === 'first rows') return Prisma.sql`${rows} ${sorted(value, keyId)}`;
    // The planner does not look into a subquery with OFFSET.
    return Prisma.sql`SELECT * FROM (${rows} OFFSET 0) AS ${table} ${sorted(Prisma.sql`${table}.sort_key`, id)}`;
  };
  const all = Prisma.sql`${table}.*`;
  const isProbed = source.probe && !sort.key && goal === 'all rows';
  const [only] = armsOfGroup;
  if (only && armsOfGroup.length === 1 && !isProbed) return select(all, only);
  const isOfWorkspace = Prisma.sql`${table}.workspace_id = ${source.workspaceId}::uuid`;
  if (armsOfGroup.length === 0) return select(all, Prisma.sql`${isOfWorkspace} AND false`);
  // Each arm finds the first rows by an index of its own.
  const ids = (more = Prisma.empty) =>
    armsOfGroup.map((arm) => Prisma.sql`SELECT arm.id FROM (${select(id, Prisma.sql`${arm} ${more}`)}) AS arm`);
  if (!isProbed) return select(all, Prisma.sql`${isOfWorkspace} AND ${id} IN (${Prisma.join(ids(), ' UNION ALL ')})`);
  const probe = Prisma.sql`SELECT id FROM (${source.probe?.(walk)} ${isMember(source)} ${sorted(Prisma.empty, id)}) AS probe`;
  const found = [
    Prisma.sql`SELECT id FROM probe`,
    ...ids(Prisma.sql`AND (SELECT count(*) FROM probe) < ${limit}::int`),
  ];
  const withProbe = Prisma.sql`WITH probe AS MATERIALIZED (${probe}) ${Prisma.join(found, ' UNION ALL ')}`;
  return select(all, Prisma.sql`${isOfWorkspace} AND ${id} IN (${withProbe})`, 'first rows');
}

/** SQL of a join to the rows of a side table. */
const joinTo = ({ table, where, rowId }: SideTable, id: Prisma.Sql) =>
  Prisma.sql`JOIN ${table} ON ${where} AND ${rowId} = ${id}`;

/** SQL that is appended to a condition: the row is one of a member, if the source is limited to members. */
export const isMember = ({ membership, id }: Pick<PreparedSource, 'membership' | 'id'>): Prisma.Sql =>
  membership
    ? Prisma.sql`AND EXISTS (SELECT FROM ${membership.table} WHERE ${membership.where} AND ${membership.rowId} = ${id})`
    : Prisma.empty;

function beyond(
  { position, isInclusive }: NonNullable<RowRange['from']>,
  isAscending: boolean,
  key: SortKey | undefined,
  id: Prisma.Sql,
): Prisma.Sql {
  const operator = Prisma.raw(`${isAscending ? '>' : '<'}${isInclusive ? '=' : ''}`);
  if (!key || position.sortKey == null) return Prisma.sql`AND ${id} ${operator} ${position.id}::uuid`;
  const value = Prisma.sql`${position.sortKey}::text::${Prisma.raw(key.type)}`;
  return Prisma.sql`AND (${key.value}, ${id}) ${operator} (${value}, ${position.id}::uuid)`;
}
