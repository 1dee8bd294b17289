import { explainTimeout, unlessTimeout } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import type { ReadDb } from '../statements.ts';
import type { Columns, FieldSet } from './columns.ts';
import { type Keyed, type Page, type PageOfRows, type Position, toPage } from './keyset.ts';

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
  type: 'text' | 'timestamptz';
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
  /** The conditions of the filter. */
  conditions(db: ReadDb): Promise<Conditions>;
  id: Prisma.Sql;
  sort: Sort;
  /** Limits the rows to those that have a row in another table. */
  membership?: Membership | undefined;
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
}

/** A source with its conditions. */
export type PreparedSource = Omit<OrderedSource<unknown>, 'conditions'> & Conditions;

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

/** How the rows of a source are walked. */
export interface Walk {
  isAscending: boolean;
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
  const sortKey = sort.key ? Prisma.sql`(${sort.key.value})::text` : Prisma.sql`NULL`;
  const join = membership
    ? Prisma.sql`JOIN ${membership.table} ON ${membership.where} AND ${membership.memberId} = ${id}`
    : Prisma.empty;
  const range = { isBackward, limit, from: bound && { position: bound, isInclusive: false } };
  const prepared = await prepare(db, source);
  const checkedBound = withNeighbours ? bound : undefined;
  const found = await readByGoal<Row & OrderedRow>(
    db,
    prepared,
    (goal) => Prisma.sql`/* readOrderedPage ${table} */
    SELECT ${columns.listOf(fields)}, ${sortKey} AS "sortKey", ${isAtBound(prepared, checkedBound)} AS "isAtBound"
    FROM (${rowsOf(prepared, range, goal)}) AS ${table} ${join}
    ORDER BY ${orderOf(prepared, isBackward)}`,
  );
  const isBeyond =
    checkedBound !== undefined && (found[0]?.isAtBound || (await hasRowsBeyond(db, prepared, checkedBound)));
  const rows = found.map(({ sortKey: key, isAtBound: _, ...row }) => (sort.key ? { ...row, sortKey: key } : row));
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
  { isIndexed = false, timeoutError }: PreparedSource,
  statement: (goal: Goal) => Prisma.Sql,
): Promise<Row[]> {
  if (isIndexed) {
    const found = await unlessTimeout(db.queryOnce<Row[]>(statement('first rows'), FIRST_ROWS_MS));
    if (found) return found;
  }
  return explainTimeout(db.queryOnce<Row[]>(statement(isIndexed ? 'all rows' : 'first rows')), timeoutError);
}

/** What a statement selects besides the properties of a row. */
interface OrderedRow {
  sortKey: string | null;
  /** Whether the row is there from which the cursor was made, which is so as a rule; the same in each row. */
  isAtBound: boolean;
}

/** SQL of whether there is a row at the bound. It is evaluated once, in the statement of the page, which saves a statement. */
function isAtBound({ table, where, id, sort, ...source }: PreparedSource, bound: Position | undefined): Prisma.Sql {
  if (!bound) return Prisma.sql`false`;
  const isAtKey =
    sort.key && bound.sortKey != null
      ? Prisma.sql`AND ${sort.key.value} = ${bound.sortKey}::text::${Prisma.raw(sort.key.type)}`
      : sort.key
        ? Prisma.sql`AND ${sort.key.value} IS NULL`
        : Prisma.empty;
  return Prisma.sql`EXISTS (SELECT FROM ${table} WHERE ${where} ${isMember({ ...source, id })} AND ${id} = ${bound.id}::uuid ${isAtKey})`;
}

/** A limit for which the planner does not assume that a row comes soon. */
const PLANNED_ROWS = 30;

/** Whether there is a row at the bound or on its other side. */
async function hasRowsBeyond(db: ReadDb, source: PreparedSource, bound: NonNullable<Page['bound']>): Promise<boolean> {
  const { table } = source;
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
function orderOf({ sort: { key, direction }, id }: PreparedSource, isBackward: boolean): Prisma.Sql {
  const order = Prisma.raw((direction === 'asc') === isBackward ? 'DESC' : 'ASC');
  if (!key) return Prisma.sql`${id} ${order}`;
  const nulls = Prisma.raw((key.nulls === 'first') === isBackward ? 'LAST' : 'FIRST');
  return Prisma.sql`${key.value} ${order} NULLS ${nulls}, ${id} ${order}`;
}

function rowsOf(source: PreparedSource, range: RowRange, goal: Goal): Prisma.Sql {
  const groups = groupsOf(source.sort, range);
  const [only] = groups;
  if (only && groups.length === 1) return rowsOfGroup(source, range, goal, only);
  // An Append runs its parts in order, and stops as soon as the LIMIT is reached.
  const parts = groups.map((group) => Prisma.sql`(${rowsOfGroup(source, range, goal, group)})`);
  return Prisma.sql`SELECT * FROM (${Prisma.join(parts, ' UNION ALL ')}) AS groups LIMIT ${range.limit}::int`;
}

/** The groups that a range reads, in order. */
function groupsOf({ key }: Sort, { isBackward, from }: RowRange): Group[] {
  if (!key?.nulls) return ['values'];
  const inOrder: Group[] = key.nulls === 'last' ? ['values', 'nulls'] : ['nulls', 'values'];
  const groups = isBackward ? inOrder.reverse() : inOrder;
  return from ? groups.slice(groups.indexOf(groupOf(from.position))) : groups;
}

const groupOf = ({ sortKey }: Position): Group => (sortKey === null ? 'nulls' : 'values');

function rowsOfGroup(
  source: PreparedSource,
  { isBackward, from, limit }: RowRange,
  goal: Goal,
  group: Group,
): Prisma.Sql {
  const { table, where, arms, id, sort } = source;
  const key = group === 'nulls' ? undefined : sort.key;
  const isAscending = (sort.direction === 'asc') !== isBackward;
  const order = Prisma.raw(isAscending ? 'ASC' : 'DESC');
  const isOfGroup = sort.key?.nulls
    ? Prisma.sql`AND ${sort.key.value} IS ${Prisma.raw(group === 'nulls' ? '' : 'NOT ')}NULL`
    : Prisma.empty;
  const sorting = key ? Prisma.sql`${key.value} ${order}, ${id} ${order}` : Prisma.sql`${id} ${order}`;
  const start = from && groupOf(from.position) === group ? from : undefined;
  const bound = start ? beyond(start, isAscending, key, id) : Prisma.empty;
  const within = (of: Prisma.Sql) => (start && !key ? beyond(start, isAscending, undefined, of) : Prisma.empty);
  const armsOfGroup = (arms?.({ isAscending, within }) ?? [where]).map(
    (arm) => Prisma.sql`${arm} ${isMember(source)} ${isOfGroup} ${bound}`,
  );
  // The planner does not look into a subquery with OFFSET.
  const rowsWhere = (condition: Prisma.Sql) =>
    goal === 'first rows'
      ? Prisma.sql`${table} WHERE ${condition}`
      : Prisma.sql`(SELECT * FROM ${table} WHERE ${condition} OFFSET 0) AS ${table}`;
  const select = (columns: Prisma.Sql, condition: Prisma.Sql) =>
    Prisma.sql`SELECT ${columns} FROM ${rowsWhere(condition)} ORDER BY ${sorting} LIMIT ${limit}::int`;
  const all = Prisma.sql`${table}.*`;
  const [only] = armsOfGroup;
  if (only && armsOfGroup.length === 1) return select(all, only);
  // Each arm finds the first rows by an index of its own.
  const ids = armsOfGroup.map((arm) => Prisma.sql`(${select(id, arm)})`);
  const isOfWorkspace = Prisma.sql`${table}.workspace_id = ${source.workspaceId}::uuid`;
  if (ids.length === 0) return select(all, Prisma.sql`${isOfWorkspace} AND false`);
  return select(
    all,
    Prisma.sql`${isOfWorkspace} AND ${id} IN (SELECT * FROM (${Prisma.join(ids, ' UNION ALL ')}) AS arms)`,
  );
}

/** SQL that is appended to a condition: the row is one of a member, if the source is limited to members. */
export const isMember = ({ membership, id }: Pick<PreparedSource, 'membership' | 'id'>): Prisma.Sql =>
  membership
    ? Prisma.sql`AND EXISTS (SELECT FROM ${membership.table} WHERE ${membership.where} AND ${membership.memberId} = ${id})`
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
