import type { Database, ReadDb, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inWorkspace } from '../../db/sql.ts';
import { inTransaction } from '../../db/transaction.ts';
import { BEFORE_ALL_IDS, newId } from '../shared/ids.ts';
import type { ExportSource } from './export-fields.ts';

/** A copy of the records of an export. */
export interface Snapshot {
  readonly workspaceId: string;
  readonly id: string;
  /** Number of rows of the copy, each of which has many records. */
  readonly rows: number;
  readonly records: number;
}

const AFTER_ALL_IDS = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

/** Number of ids of the first step; later ones depend on its size and duration. */
const FIRST_STEP = 200;

/**
 * Maximum number of ids of a step. It bounds the memory if large records follow small ones: a user's attributes take up
 * to 32 KB.
 */
const MAX_STEP = 2_000;

/** Size in bytes and duration in ms that a step should have. */
const STEP_BYTES = 512 * 1024;
const STEP_MS = 200;

/** Without a heartbeat for this long, an export is considered killed. */
const ABANDONED_AFTER = Prisma.sql`interval '10 minutes'`;

/** Number of rows that one statement deletes, of about `STEP_BYTES` each. */
const DELETED_ROWS = 50;

/** The snapshot of an export was deleted before the export ended. */
export class SnapshotLostError extends Error {
  override name = 'SnapshotLostError';

  constructor() {
    super('The snapshot of the export is gone: the database was restarted after a crash, or unreachable for long.');
  }
}

/** What to copy. */
export interface SnapshotOptions {
  workspaceId: string;
  source: ExportSource;
  /** SQL of further conditions, which begin with AND; it is called in the transaction. */
  conditions(tx: WriteDb): Promise<Prisma.Sql>;
  signal?: AbortSignal | undefined;
  /** Called after each step with the number of records copied so far. */
  onCopied?(records: number): void;
}

/**
 * Copies records, as they are at one instant, to a table from which they can be read at any speed. The transaction, whose
 * snapshot VACUUM has to respect, lasts only as long as PostgreSQL takes to copy. It consists of short statements, so that
 * none exceeds the statement timeout, and works behind a transaction pooler.
 * @throws the reason of the signal, and then copies nothing.
 */
export function takeSnapshot(db: Database, options: SnapshotOptions): Promise<Snapshot> {
  const { workspaceId, source, signal, onCopied } = options;
  return inTransaction(db, async (tx) => {
    await tx.execute`/* beginExportSnapshot */ SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`;
    const snapshot = { workspaceId, id: newId(), rows: 0, records: 0 };
    // Just-in-time compilation would take longer than a step.
    await tx.query`/* configureExportSnapshot */ SELECT set_config('jit', 'off', true) ${inWorkspace(workspaceId)}`;
    await tx.execute`/* createExportSnapshot */
      INSERT INTO export_snapshots (workspace_id, id, heartbeat_at)
      VALUES (${workspaceId}::uuid, ${snapshot.id}::uuid, now())`;
    const conditions = await options.conditions(tx);
    let limit = FIRST_STEP;
    for (let after: string = BEFORE_ALL_IDS; after !== AFTER_ALL_IDS; ) {
      signal?.throwIfAborted();
      const startedAt = performance.now();
      const last = await findLast(tx, { workspaceId, source, after, limit });
      const from = Prisma.sql`${source.from({ workspaceId, after, last })} ${conditions}`;
      const { records, bytes } = await copyStep(tx, snapshot, source, from);
      if (records > 0) snapshot.rows += 1;
      snapshot.records += records;
      onCopied?.(snapshot.records);
      limit = nextLimit(limit, bytes, performance.now() - startedAt);
      after = last;
    }
    return snapshot;
  });
}

/** Chooses the size of the next step by that of the last one. */
function nextLimit(limit: number, bytes: number, ms: number): number {
  const factor = Math.min(STEP_BYTES / Math.max(bytes, 1), STEP_MS / Math.max(ms, 1), 2);
  return Math.min(Math.max(Math.floor(limit * factor), 1), MAX_STEP);
}

interface Step {
  workspaceId: string;
  source: ExportSource;
  after: string;
  limit: number;
}

/** Finds the last id of a step; `AFTER_ALL_IDS` if it is the last step. */
async function findLast(tx: WriteDb, { workspaceId, source: { table }, after, limit }: Step): Promise<string> {
  const [row] = await tx.query<{ id: string }[]>`/* findLastOfExportStep */
    SELECT ${table}.id FROM ${table} WHERE ${table}.workspace_id = ${workspaceId}::uuid AND ${table}.id > ${after}::uuid
    ORDER BY ${table}.id LIMIT 1 OFFSET ${limit - 1}::int`;
  return row?.id ?? AFTER_ALL_IDS;
}

/** Copies the records of a step to one row, with an array for each field. */
async function copyStep(
  tx: WriteDb,
  { workspaceId, id, rows }: Snapshot,
  { table, fields }: ExportSource,
  from: Prisma.Sql,
): Promise<{ records: number; bytes: number }> {
  const nameOf = (place: number) => Prisma.raw(`field${place}`);
  const columns = fields.map(({ sql }, place) => Prisma.sql`${sql} AS ${nameOf(place)}`);
  const arrays = fields.map((_, place) => Prisma.sql`json_agg(step.${nameOf(place)})`);
  // Not prepared: a caller has determined the filter, and the plan of a step takes less time than its execution.
  const [copied] = await tx.queryOnce<{ records: number; bytes: number }[]>(Prisma.sql`/* copyExportStep */
    INSERT INTO export_rows (workspace_id, snapshot_id, number, records, rows)
    SELECT ${workspaceId}::uuid, ${id}::uuid, ${rows}::int, count(*), json_build_array(${Prisma.join(arrays)})::text
    FROM (SELECT ${Prisma.join(columns)} ${from} ORDER BY ${table}.id) AS step
    HAVING count(*) > 0
    RETURNING records, octet_length(rows) AS bytes`);
  return copied ?? { records: 0, bytes: 0 };
}

/** The values of a field of consecutive records. */
export type Column = readonly unknown[];

/** Reads a row of a snapshot: a column for each field. @throws {SnapshotLostError} */
export async function readSnapshotRow(
  db: ReadDb,
  { workspaceId, id }: Snapshot,
  number: number,
): Promise<{ records: number; columns: readonly Column[] }> {
  const [row] = await db.query<{ records: number; rows: string }[]>`/* readExportRow */
    SELECT records, rows FROM export_rows
    WHERE workspace_id = ${workspaceId}::uuid AND snapshot_id = ${id}::uuid AND number = ${number}::int`;
  if (!row) throw new SnapshotLostError();
  return { records: row.records, columns: JSON.parse(row.rows) };
}

/** Reports that an export still runs. */
export async function reportExporting(db: WriteDb, { workspaceId, id }: Snapshot): Promise<void> {
  await db.execute`/* reportExporting */
    UPDATE export_snapshots SET heartbeat_at = now() WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid`;
}

/** Deletes a snapshot, in short statements. */
export async function deleteSnapshot(
  db: WriteDb,
  { workspaceId, id }: Pick<Snapshot, 'workspaceId' | 'id'>,
): Promise<void> {
  let deleted: number;
  do {
    deleted = await db.execute`/* deleteExportRows */
      DELETE FROM export_rows
      WHERE workspace_id = ${workspaceId}::uuid AND snapshot_id = ${id}::uuid AND number IN (
        SELECT number FROM export_rows WHERE workspace_id = ${workspaceId}::uuid AND snapshot_id = ${id}::uuid
        ORDER BY number LIMIT ${DELETED_ROWS}::int
      )`;
  } while (deleted === DELETED_ROWS);
  await db.execute`/* deleteExportSnapshot */
    DELETE FROM export_snapshots WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid`;
}

/** Deletes the snapshots of exports that were killed. @returns their number. */
export async function deleteAbandonedExports(db: WriteDb): Promise<number> {
  const abandoned = await db.queryAllWorkspaces<{ workspaceId: string; id: string }[]>`/* findAbandonedExports */
    SELECT workspace_id AS "workspaceId", id FROM export_snapshots WHERE heartbeat_at < now() - ${ABANDONED_AFTER}`;
  for (const snapshot of abandoned) await deleteSnapshot(db, snapshot);
  return abandoned.length;
}
