import { explainTimeout, QueryTimeoutError, unlessTimeout } from '../../errors.ts';
import { Prisma } from '../../generated/client.ts';
import { ONCE_TIMEOUT_MS } from '../../query-once.ts';
import type { ReadDb } from '../../statements.ts';
import type { FieldSet } from '../columns.ts';
import { type Keyed, type Page, type PageOfRows, toPage } from '../keyset.ts';
import { type Goal, isAtPosition, orderOf, type RowRange, rareRowsOf, rowsOf } from './rows.ts';
import { joinTo } from './sort.ts';
import type { OrderedSource, PreparedSource } from './source.ts';

/** Time in ms after which a plan for the first rows gives way to one for all rows. */
const FIRST_ROWS_MS = 150;

/** Timeout in ms of the lookup for few matches, after which the general plans are used. */
const RARE_MATCHES_MS = 150;

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
  const end = bound && { position: bound, isInclusive: false };
  const startsAtBound = (bound?.side === 'after') !== isBackward;
  const range: RowRange = { isBackward, limit, ...(startsAtBound ? { from: end } : { to: end }) };
  const checked = withNeighbours ? bound : undefined;
  const prepared = await prepare(bounded, source);
  const properties = Prisma.sql`${columns.listOf(fields)}, ${table}.sort_key::text AS "sortKey",
    ${checked ? isAtPosition(prepared, checked) : Prisma.sql`false`} AS "isAtBound"`;
  const found =
    (await readRareMatches<Row & OrderedRow>(bounded, prepared, range, properties)) ??
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
 * Reads the rows of a range if few rows of the source match.
 * @param properties select list of a row. @returns undefined if many match, judging by a sample, or if the statement times out.
 */
async function readRareMatches<Row>(
  db: ReadDb,
  source: PreparedSource,
  range: RowRange,
  properties: Prisma.Sql,
): Promise<Row[] | undefined> {
  const { rareMatches, table, sort, membership } = source;
  // A page at a cursor is one of a search with many matches.
  if (!rareMatches || !sort.isFirst || membership || range.from || range.to) return undefined;
  const areRare = Prisma.sql`AND NOT (SELECT are_frequent FROM sample)`;
  const rows = await unlessTimeout(
    db.queryOnce<(Row & { id: string | null; areFrequent: boolean })[]>(
      Prisma.sql`/* readRareMatches ${table} */ WITH sample AS MATERIALIZED (SELECT ${rareMatches.areFrequent} AS are_frequent)
    SELECT sample.are_frequent AS "areFrequent", page.*
    FROM sample LEFT JOIN LATERAL (
      SELECT ${properties} FROM (${rareRowsOf(source, range, rareMatches, areRare)}) AS ${table}
      ORDER BY ${orderOf(source, range.isBackward)}
    ) AS page ON true`,
      RARE_MATCHES_MS,
    ),
  );
  if (!rows || rows[0]?.areFrequent) return undefined;
  return rows.flatMap(({ areFrequent: _, ...row }) => (row.id === null ? [] : [row as Row]));
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
