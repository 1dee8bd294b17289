import { unlessTimeout } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import { withinBudget } from '../within-budget.ts';
import type { KeysetSource } from './keyset-source.ts';
import { isMember } from './ordered/rows.ts';
import type { OrderedSource, PreparedSource } from './ordered/source.ts';

/** Counts stop here (docs/contract.md, `totalCount`). */
export const COUNT_CAP = 25_000;

/** How many rows a source has. */
export interface Count {
  count: number;
  /** Whether there are more: the count is as far as the limits allowed. */
  isCapped: boolean;
}

/** The count of rows up to a maximum. */
const countUpTo = (count: number, maximum: number): Count => ({
  count: Math.min(count, maximum),
  isCapped: count > maximum,
});

const NOTHING_COUNTED: Count = { count: 0, isCapped: true };

/**
 * Counts the rows of several parents with one statement, up to `COUNT_CAP` each.
 * @param budgetMs maximum duration of the count of a source with a filter, after which nothing is counted.
 */
export async function countRows(
  db: ReadDb,
  source: KeysetSource<unknown>,
  parents: readonly string[],
  budgetMs?: number,
): Promise<Map<string, Count>> {
  const { table, where } = source;
  const statement = Prisma.sql`/* countRows ${table} */
    SELECT parent.id AS parent, (
      SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${COUNT_CAP + 1}) AS counted
    ) AS count
    FROM unnest(${arrayParameter(parents, 'uuid')}) AS parent(id)`;
  type Counted = { parent: string; count: number };
  const counts = source.timeoutError
    ? await unlessTimeout(db.queryOnce<Counted[]>(statement, budgetMs))
    : await db.query<Counted[]>(statement);
  if (!counts) return new Map(parents.map((parent) => [parent, NOTHING_COUNTED]));
  return new Map(counts.map(({ parent, count }) => [parent, countUpTo(count, COUNT_CAP)]));
}

/** The share of the budget that a count by index has, after which the rows are counted in steps. */
const INDEXED_SHARE = 0.5;

/** Rows in the first step of a count, the time in ms below which the next step is twice as long, and that which each step has. */
const FIRST_STEP = 5_000;
const SHORT_STEP_MS = 100;
const MIN_STEP_MS = 100;

interface CountLimits {
  maximum: number;
  /** Maximum duration in ms, except for the last step's minimum. */
  budgetMs: number;
}

/** Counts rows up to a maximum: by index if one has them, or else in steps of a range of ids, until the budget is spent. */
export async function countOrdered(db: ReadDb, source: OrderedSource<unknown>, limits: CountLimits): Promise<Count> {
  const deadline = performance.now() + limits.budgetMs;
  const conditions = await withinBudget(unlessTimeout(source.conditions(db)), limits.budgetMs);
  if (!conditions) return NOTHING_COUNTED;
  const prepared = { ...source, ...conditions };
  const byIndex = prepared.isIndexed ? await countByIndex(db, prepared, limits) : undefined;
  return byIndex ?? countInSteps(db, prepared, { maximum: limits.maximum, deadline });
}

/** Counts the rows that indexes find; undefined if that takes too long. */
async function countByIndex(
  db: ReadDb,
  source: PreparedSource,
  { maximum, budgetMs }: CountLimits,
): Promise<Count | undefined> {
  const { table, where, arms, id } = source;
  const limit = maximum + 1;
  const ids = (arms?.({ isAscending: true, within: () => Prisma.empty }) ?? [where]).map(
    (arm) => Prisma.sql`(SELECT ${id} FROM ${table} WHERE ${arm} ${isMember(source)} LIMIT ${limit}::int)`,
  );
  if (ids.length === 0) return { count: 0, isCapped: false };
  const rows = await unlessTimeout(
    db.queryOnce<[{ count: number }]>(
      Prisma.sql`/* countByIndex ${table} */
      SELECT count(*)::int FROM (SELECT * FROM (${Prisma.join(ids, ' UNION ')}) AS arms LIMIT ${limit}::int) AS counted`,
      Math.ceil(budgetMs * INDEXED_SHARE),
    ),
  );
  return rows && countUpTo(rows[0].count, maximum);
}

async function countInSteps(
  db: ReadDb,
  source: PreparedSource,
  { maximum, deadline }: { maximum: number; deadline: number },
): Promise<Count> {
  let position: string | undefined;
  let count = 0;
  for (let step = FIRST_STEP; ; ) {
    const started = performance.now();
    const range = await countStep(db, source, { after: position, step, timeoutMs: deadline - started });
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
interface StepResult {
  passed: number;
  read: number;
  last: string | null;
}

/** Counts the next `step` rows after an id; undefined if that takes too long. */
async function countStep(
  db: ReadDb,
  source: PreparedSource,
  { after, step, timeoutMs }: { after: string | undefined; step: number; timeoutMs: number },
): Promise<StepResult | undefined> {
  const { table, id, where } = source;
  const statement = Prisma.sql`/* countStep ${table} */
    SELECT count(*) FILTER (WHERE ${where})::int AS passed, count(*)::int AS read, max(${id}::text) AS last
    FROM (${candidates(source, after, step)}) AS ${table}`;
  const rows = await unlessTimeout(db.queryOnce<[StepResult]>(statement, Math.max(MIN_STEP_MS, Math.ceil(timeoutMs))));
  return rows?.[0];
}

/** The rows of a step. Those that are limited to members are read in the order of the memberships. */
function candidates(
  { table, id, workspaceId, membership }: PreparedSource,
  after: string | undefined,
  step: number,
): Prisma.Sql {
  const isOfWorkspace = Prisma.sql`${table}.workspace_id = ${workspaceId}::uuid`;
  const [from, where, key] = membership
    ? [
        Prisma.sql`${membership.table} JOIN ${table} ON ${isOfWorkspace} AND ${id} = ${membership.rowId}`,
        membership.where,
        membership.rowId,
      ]
    : [table, isOfWorkspace, id];
  const bound = after === undefined ? Prisma.empty : Prisma.sql`AND ${key} > ${after}::uuid`;
  return Prisma.sql`SELECT ${table}.* FROM ${from} WHERE ${where} ${bound} ORDER BY ${key} LIMIT ${step}::int`;
}
