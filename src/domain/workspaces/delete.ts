import { setTimeout as delay } from 'node:timers/promises';
import type { ReadDb, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { retryOnConflict } from '../../db/retry.ts';
import { NotFoundError } from '../shared/errors.ts';

/** A table with rows of a workspace. */
interface WorkspaceTable {
  name: string;
  /** The columns of its primary key after the workspace, with their types. */
  key: Readonly<Record<string, 'uuid' | 'text' | 'smallint' | 'int' | 'bigint' | 'transfer_part'>>;
}

/**
 * The tables with rows of a workspace, in the order of deletion: a table comes after those that refer to it, so that no
 * deletion of a row cascades to an unlimited number of rows.
 */
export const workspaceTables: readonly WorkspaceTable[] = [
  { name: 'events', key: { id: 'uuid' } },
  { name: 'changes', key: { xid: 'bigint', seq: 'bigint' } },
  { name: 'idempotency_keys', key: { key: 'text' } },
  { name: 'transfer_chunks', key: { job_id: 'uuid', part: 'transfer_part', number: 'int' } },
  { name: 'transfer_jobs', key: { id: 'uuid' } },
  { name: 'export_rows', key: { snapshot_id: 'uuid', number: 'int' } },
  { name: 'export_snapshots', key: { id: 'uuid' } },
  { name: 'devices', key: { token: 'text' } },
  { name: 'list_memberships', key: { list_id: 'uuid', user_id: 'uuid' } },
  { name: 'segment_memberships', key: { definition_id: 'uuid', user_id: 'uuid' } },
  { name: 'segment_suppressions', key: { user_id: 'uuid', segment_id: 'uuid' } },
  { name: 'segment_due', key: { user_id: 'uuid', definition_id: 'uuid' } },
  { name: 'user_words', key: { user_id: 'uuid' } },
  { name: 'attribute_values', key: { user_id: 'uuid', attribute: 'smallint' } },
  { name: 'user_activity', key: { user_id: 'uuid' } },
  { name: 'users', key: { id: 'uuid' } },
  { name: 'attribute_declarations', key: { number: 'smallint' } },
  { name: 'lists', key: { id: 'uuid' } },
  { name: 'segment_definitions', key: { id: 'uuid' } },
  { name: 'segments', key: { id: 'uuid' } },
  { name: 'change_consumers', key: { name: 'text' } },
  { name: 'user_deletions', key: { user_id: 'uuid' } },
  { name: 'api_keys', key: { id: 'uuid' } },
];

/** Numbers of rows by the name of their table. */
export type RowCounts = Record<string, number>;

/** Rows deleted by one statement: at most a few hundred ms of work for PostgreSQL. */
const ROWS_PER_DELETION = 5_000;

/** Rows counted by one statement. */
const ROWS_PER_COUNT = 50_000;

/** Counts the rows of a workspace in each table. No statement reads more than `stepSize` rows. */
export async function countRows(db: ReadDb, workspaceId: string, stepSize = ROWS_PER_COUNT): Promise<RowCounts> {
  const counts: RowCounts = {};
  for (const table of workspaceTables) {
    let count = 0;
    for await (const { after, end } of steps(db, workspaceId, table, stepSize)) {
      count += end ? stepSize : await countRest(db, workspaceId, table, after);
    }
    counts[table.name] = count;
  }
  return counts;
}

async function countRest(
  db: ReadDb,
  workspaceId: string,
  { name }: WorkspaceTable,
  after: Prisma.Sql,
): Promise<number> {
  const [rest] = await db.query<{ count: number }[]>`/* countWorkspaceRows */
    SELECT count(*)::int AS count FROM ${Prisma.raw(name)} WHERE workspace_id = ${workspaceId}::uuid AND ${after}`;
  return rest?.count ?? 0;
}

/**
 * Begins the deletion of a workspace: running gateways reject its keys and tokens from the next time on that they read them.
 * Has no effect if the deletion has begun.
 * @throws {NotFoundError} if there is no such workspace.
 */
export async function requestDeletion(db: WriteDb, workspaceId: string): Promise<void> {
  const count = await db.execute`/* requestWorkspaceDeletion */
    UPDATE workspaces SET deletion_requested_at = coalesce(deletion_requested_at, now())
    WHERE workspace_id = ${workspaceId}::uuid`;
  if (count === 0) throw new NotFoundError('Workspace');
}

export interface DeletionOptions {
  /** For how long in ms running gateways may accept requests of the workspace after its deletion was requested. */
  settleMs: number;
  /** Called after each step with the number of rows of the table that were deleted so far. */
  onProgress?(table: string, deleted: number): void;
  /** Maximum number of rows that one statement deletes. */
  stepSize?: number;
}

/**
 * Deletes a workspace whose deletion was requested, with all of its rows. Each statement deletes at most `stepSize` rows and
 * commits; calling this again continues an interrupted deletion. Rows that gateways write meanwhile are deleted as well: the
 * workspace itself is deleted after `settleMs`, when no rows are left.
 * @returns the numbers of deleted rows.
 */
export async function deleteWorkspace(db: WriteDb, workspaceId: string, options: DeletionOptions): Promise<RowCounts> {
  const deleted: RowCounts = Object.fromEntries(workspaceTables.map(({ name }) => [name, 0]));
  await deleteRows(db, workspaceId, deleted, options);
  await delay(await remainingSettleMs(db, workspaceId, options.settleMs));
  while ((await deleteRows(db, workspaceId, deleted, options)) > 0);
  await retryOnConflict(
    () => db.execute`/* deleteWorkspace */ DELETE FROM workspaces WHERE workspace_id = ${workspaceId}::uuid`,
  );
  return deleted;
}

/**
 * Deletes the rows of all tables, adds their numbers to `deleted`, and returns the sum. It records no changes, because the
 * audit trail is deleted as well.
 */
async function deleteRows(
  db: WriteDb,
  workspaceId: string,
  deleted: RowCounts,
  { onProgress, stepSize = ROWS_PER_DELETION }: DeletionOptions,
): Promise<number> {
  let sum = 0;
  for (const table of workspaceTables) {
    for await (const { after, end } of steps(db, workspaceId, table, stepSize)) {
      const upToEnd = end ? compareKey(table, '<=', end) : Prisma.sql`TRUE`;
      const count = await retryOnConflict(
        () => db.execute`/* deleteWorkspaceRows */
          DELETE FROM ${Prisma.raw(table.name)} WHERE workspace_id = ${workspaceId}::uuid AND ${after} AND ${upToEnd}`,
      );
      if (count === 0) continue;
      sum += count;
      const deletedFromTable = (deleted[table.name] ?? 0) + count;
      deleted[table.name] = deletedFromTable;
      onProgress?.(table.name, deletedFromTable);
    }
  }
  return sum;
}

/** Consecutive rows of a table, in the order of its key. */
interface Step {
  /** The condition for the rows after those of the previous step. */
  after: Prisma.Sql;
  /** The key of the last row; undefined for the last step, which contains all other rows. */
  end: string[] | undefined;
}

/** Divides the rows of a workspace into steps. A step starts at its first key: index entries of deleted rows are not read again. */
async function* steps(db: ReadDb, workspaceId: string, table: WorkspaceTable, stepSize: number): AsyncGenerator<Step> {
  let after = Prisma.sql`TRUE`;
  for (;;) {
    const end = await findEnd(db, workspaceId, table, { after, stepSize });
    yield { after, end };
    if (!end) return;
    after = compareKey(table, '>', end);
  }
}

async function findEnd(
  db: ReadDb,
  workspaceId: string,
  { name, key }: WorkspaceTable,
  { after, stepSize }: { after: Prisma.Sql; stepSize: number },
): Promise<string[] | undefined> {
  const columns = Object.keys(key);
  const texts = Prisma.raw(columns.map((column) => `${column}::text`).join(', '));
  const [end] = await db.query<{ texts: string[] }[]>`/* findEndOfStep */
    SELECT ARRAY[${texts}] AS texts FROM ${Prisma.raw(name)} WHERE workspace_id = ${workspaceId}::uuid AND ${after}
    ORDER BY ${Prisma.raw(columns.join(', '))} OFFSET ${stepSize - 1}::int LIMIT 1`;
  return end?.texts;
}

/** A condition on the key of a row. */
function compareKey({ key }: WorkspaceTable, operator: '>' | '<=', values: readonly string[]): Prisma.Sql {
  const columns = Prisma.raw(Object.keys(key).join(', '));
  const row = Object.values(key).map((type, place) => Prisma.sql`${values[place]}::${Prisma.raw(type)}`);
  return Prisma.sql`(${columns}) ${Prisma.raw(operator)} (${Prisma.join(row)})`;
}

async function remainingSettleMs(db: ReadDb, workspaceId: string, settleMs: number): Promise<number> {
  const [workspace] = await db.query<{ age: number }[]>`/* readDeletionAge */
    SELECT (extract(epoch FROM now() - deletion_requested_at) * 1000)::float AS age
    FROM workspaces WHERE workspace_id = ${workspaceId}::uuid`;
  return workspace ? Math.max(settleMs - workspace.age, 0) : 0;
}
