import { unlessTimeout } from '../errors.ts';
import { Prisma } from '../generated/client.ts';
import { arrayParameter } from '../sql.ts';
import type { ReadDb } from '../statements.ts';
import { type KeysetSource, querySource } from './keyset.ts';
import { isMember } from './ordered/rows.ts';
import type { OrderedSource, PreparedSource } from './ordered/source.ts';

/** Counts stop here (docs/contract.md, `totalCount`). */
export const COUNT_CAP = 25_000;

/** Counts the rows of several parents with one statement, up to `COUNT_CAP + 1` each. */
export async function countRows(
  db: ReadDb,
  source: KeysetSource<unknown>,
  parents: readonly string[],
): Promise<Map<string, number>> {
  const { table, where } = source;
  const statement = Prisma.sql`/* countRows ${table} */
    SELECT parent.id AS parent, (
      SELECT count(*)::int FROM (SELECT 1 FROM ${table} WHERE ${where} LIMIT ${COUNT_CAP + 1}) AS counted
    ) AS count
    FROM unnest(${arrayParameter(parents, 'uuid')}) AS parent(id)`;
  const counts = await querySource<{ parent: string; count: number }[]>(db, source, statement);
  return new Map(counts.map(({ parent, count }) => [parent, count]));
}

/** How many rows a source has. */
export interface Count {
  count: number;
  /** Whether there are more: the count is as far as the limits allowed. */
  isCapped: boolean;
}

/** Maximum duration of a count by index in ms, after which the rows are counted in steps. */
const INDEXED_COUNT_MS = 500;

/** Rows in the first step of a count, the time in ms below which the next step is twice as long, and that which each step has. */
const FIRST_STEP = 5_000;
const SHORT_STEP_MS = 100;
const MIN_STEP_MS = 100;

interface CountLimits {
  maximum: number;
  /** Maximum duration of the steps in ms. */
  budgetMs: number;
}

/** Counts rows up to a maximum: by index if one has them, or else in steps of a range of ids, until the budget is spent. */
export async function countOrdered(db: ReadDb, source: OrderedSource<unknown>, limits: CountLimits): Promise<Count> {
  const conditions = await unlessTimeout(source.conditions(db));
  if (!conditions) return { count: 0, isCapped: true };
  const prepared = { ...source, ...conditions };
  const byIndex = prepared.isIndexed ? await countByIndex(db, prepared, limits.maximum) : undefined;
  return byIndex ?? countInSteps(db, prepared, limits);
}

/** Counts the rows that indexes find; undefined if that takes too long. */
async function countByIndex(db: ReadDb, source: PreparedSource, maximum: number): Promise<Count | undefined> {
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
      INDEXED_COUNT_MS,
    ),
  );
  return rows && { count: Math.min(rows[0].count, maximum), isCapped: rows[0].count > maximum };
}

async function countInSteps(db: ReadDb, source: PreparedSource, { maximum, budgetMs }: CountLimits): Promise<Count> {
  const deadline = performance.now() + budgetMs;
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
