import { explainTimeout, QueryTimeoutError, unlessTimeout } from '../../errors.ts';
import { Prisma } from '../../generated/client.ts';
import { ONCE_TIMEOUT_MS } from '../../query-once.ts';
import type { ReadDb } from '../../statements.ts';
import type { FieldSet } from '../columns.ts';
import { type Keyed, type Page, type PageOfRows, toPage } from '../keyset.ts';
import { fewRowsOf, type Goal, isAtPosition, orderOf, type RowRange, rowsOf } from './rows.ts';
import { joinTo } from './sort.ts';
import type { OrderedSource, PreparedSource } from './source.ts';

/** Time in ms after which a plan for the first rows gives way to one for all rows. */
const FIRST_ROWS_MS = 150;

/** Time in ms after which rows that seemed to be few, in a sample of them, are read as many. */
const FEW_ROWS_MS = 150;

/** Time in ms after which a plan for all rows, which has probed the first ones, gives way to one for the first rows. */
const ALL_ROWS_MS = 750;

/**
 * Reads a page. Each group of rows is a subquery with a LIMIT that reads an index from the bound on; the second one runs only if
 * the first has too few rows. One ORDER BY over both would read and sort all rows. The statement is planned each time: it selects
 * rows, and not arrays as `readPages` does, which take three times as long to plan.
 * @param fields the properties to read besides `id`; all, if omitted.
 * @throws the source's error if the statements together take longer than `ONCE_TIMEOUT_MS`.
 */
export async function readOrderedPage<Row extends { id: string }>(
  db: ReadDb,
  source: OrderedSource<Row>,
  page: Page,
  fields?: FieldSet,
): Promise<PageOfRows<Row>> {
  const { columns, sort, table, id, membership } = source;
  const bounded = withinOneTimeout(db);
  const { size, from, bound, withNeighbours = true } = page;
  const isBackward = from === 'end';
  const limit = withNeighbours ? size + 1 : size;
  const range = { isBackward, limit, from: bound && { position: bound, isInclusive: false } };
  const checked = withNeighbours ? bound : undefined;
  const prepared = await prepare(bounded, source);
  const properties = Prisma.sql`${columns.listOf(fields)}, ${table}.sort_key::text AS "sortKey",
    ${checked ? isAtPosition(prepared, checked) : Prisma.sql`false`} AS "isAtBound"`;
  const found =
    (await readFew<Row & OrderedRow>(bounded, prepared, range, properties)) ??
    (await readByGoal<Row & OrderedRow>(
      bounded,
      prepared,
      (goal) => Prisma.sql`/* readOrderedPage ${table} */
    SELECT ${properties}
    FROM (${rowsOf(prepared, range, goal)}) AS ${table} ${membership ? joinTo(membership, id) : Prisma.empty}
    ORDER BY ${orderOf(prepared, isBackward)}`,
    ));
  const isBeyond = checked ? found[0]?.isAtBound || (await hasRowsBeyond(bounded, prepared, checked)) : false;
  const rows = found.map(({ sortKey, isAtBound: _, ...row }) => (sort.key || sort.isFirst ? { ...row, sortKey } : row));
  // The columns' author knows that their rows have the properties that are selected.
  return toPage(rows as unknown as Keyed<Row>[], isBeyond, page);
}

/**
 * The database for one page: its statements of `queryOnce` together take at most as long as one of them may.
 * @throws {QueryTimeoutError} from `queryOnce`, of the whole time, if a statement takes longer than what is left.
 */
function withinOneTimeout(db: ReadDb): ReadDb {
  const deadline = performance.now() + ONCE_TIMEOUT_MS;
  return {
    ...(db.indexes ? { indexes: db.indexes } : {}),
    query: (query, ...values) => db.query(query, ...values),
    async queryOnce<Rows>(statement: Parameters<ReadDb['queryOnce']>[0], timeoutMs = ONCE_TIMEOUT_MS) {
      const leftMs = Math.ceil(deadline - performance.now());
      if (leftMs <= 0) throw new QueryTimeoutError(ONCE_TIMEOUT_MS);
      if (timeoutMs <= leftMs) return db.queryOnce<Rows>(statement, timeoutMs);
      try {
        return await db.queryOnce<Rows>(statement, leftMs);
      } catch (error) {
        throw error instanceof QueryTimeoutError ? new QueryTimeoutError(ONCE_TIMEOUT_MS) : error;
      }
    },
  };
}

/** @throws the source's error if reading what the conditions need takes too long. */
async function prepare(db: ReadDb, source: OrderedSource<unknown>): Promise<PreparedSource> {
  return { ...source, ...(await explainTimeout(source.conditions(db), source.timeoutError)) };
}

/**
 * Reads the rows of a range if those of the source seem to be few.
 * @param properties select list of a row. @returns undefined if the rows seem to be many, or take long.
 */
async function readFew<Row>(
  db: ReadDb,
  source: PreparedSource,
  range: RowRange,
  properties: Prisma.Sql,
): Promise<Row[] | undefined> {
  const { few, table, sort, membership } = source;
  if (!few || !sort.isFirst || membership) return undefined;
  const areFew = Prisma.sql`AND NOT (SELECT are_many FROM many)`;
  const rows = await unlessTimeout(
    db.queryOnce<(Row & { id: string | null; areMany: boolean })[]>(
      Prisma.sql`/* readFew ${table} */ WITH many AS MATERIALIZED (SELECT ${few.areMany} AS are_many)
    SELECT many.are_many AS "areMany", page.*
    FROM many LEFT JOIN LATERAL (
      SELECT ${properties} FROM (${fewRowsOf(source, range, few, areFew)}) AS ${table}
      ORDER BY ${orderOf(source, range.isBackward)}
    ) AS page ON true`,
      FEW_ROWS_MS,
    ),
  );
  if (!rows || rows[0]?.areMany) return undefined;
  return rows.flatMap(({ areMany: _, ...row }) => (row.id === null ? [] : [row as Row]));
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
  /** Whether there is a row at the bound, the same in each row: as a rule, the one from which the cursor was made is there. */
  isAtBound: boolean;
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
