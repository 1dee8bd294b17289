import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { currentDefinition, readSegments } from '../segments/segment.ts';
import { NotFoundError } from '../shared/errors.ts';
import type { UserFilter } from '../users/filter/input.ts';
import { userCondition } from '../users/query.ts';
import { type ExportType, exportSources } from './export-fields.ts';
import { CsvColumns, type ExportFormat, printCsv, printCsvHeader, printNdjson } from './export-formats.ts';
import {
  type Column,
  deleteSnapshot,
  readSnapshotRow,
  reportExporting,
  type Snapshot,
  takeSnapshot,
} from './export-snapshot.ts';

/** Interval in ms between two heartbeats of an export, also while nothing reads it. */
const HEARTBEAT_MS = 60_000;

/** How far an export is. */
export interface ExportProgress {
  /** Number of records of the snapshot; of those copied so far while it is being taken. */
  copied: number;
  /** Whether the snapshot is complete, so that `copied` is the total. */
  isComplete: boolean;
  /** Number of records that were yielded. */
  written: number;
}

/** What to export, and how. */
export interface ExportOptions {
  type: ExportType;
  format: ExportFormat;
  /** Exports only the users that match this filter. */
  where?: UserFilter | undefined;
  /** Exports only the members of this segment, suppressed ones included. */
  segmentId?: string | undefined;
  /** Ends the export with its reason. */
  signal?: AbortSignal | undefined;
  onProgress?: ((progress: ExportProgress) => void) | undefined;
}

/**
 * Exports records of a workspace as they are at one instant, in the order of their creation. First copies them
 * (`takeSnapshot`), then yields UTF-8 of whole records, about half a MB at a time. The copy is deleted when the iteration ends.
 * @throws {NotFoundError} if the workspace has no such segment.
 * @throws {LimitExceededError} if there are too many attributes for a CSV file.
 * @throws {SnapshotLostError}
 * @throws the reason of the signal.
 */
export async function* exportRecords(
  db: Database,
  workspaceId: string,
  options: ExportOptions,
): AsyncGenerator<Buffer> {
  const { type, signal, onProgress } = options;
  const snapshot = await takeSnapshot(db, {
    workspaceId,
    source: exportSources[type],
    conditions: (tx) => conditionsOf(tx, workspaceId, options),
    signal,
    onCopied: (copied) => onProgress?.({ copied, isComplete: false, written: 0 }),
  });
  // An unavailable database fails the export's own statements as well.
  const heartbeat = setInterval(() => reportExporting(db, snapshot).catch(() => {}), HEARTBEAT_MS).unref();
  try {
    yield* printSnapshot(db, snapshot, options);
  } finally {
    clearInterval(heartbeat);
    // If it fails, the rows are deleted as those of a killed export.
    await deleteSnapshot(db, snapshot).catch(() => {});
  }
}

async function conditionsOf(
  tx: WriteDb,
  workspaceId: string,
  { where, segmentId }: ExportOptions,
): Promise<Prisma.Sql> {
  const conditions: Prisma.Sql[] = [];
  if (segmentId !== undefined) {
    if (!(await readSegments(tx, workspaceId, [segmentId])).has(segmentId)) throw new NotFoundError('Segment');
    conditions.push(Prisma.sql`EXISTS (
      SELECT FROM segment_memberships
      WHERE segment_memberships.workspace_id = ${workspaceId}::uuid AND segment_memberships.user_id = users.id
        AND segment_memberships.definition_id = ${currentDefinition(workspaceId, Prisma.sql`${segmentId}::uuid`)}
    )`);
  }
  if (where) conditions.push(await userCondition(tx, workspaceId, where, new Date()));
  return conditions.length === 0 ? Prisma.empty : Prisma.sql`AND ${Prisma.join(conditions, ' AND ')}`;
}

async function* printSnapshot(
  db: Database,
  snapshot: Snapshot,
  { type, format, signal, onProgress }: ExportOptions,
): AsyncGenerator<Buffer> {
  const { fields } = exportSources[type];
  const progress = { copied: snapshot.records, isComplete: true, written: 0 };
  onProgress?.({ ...progress });
  let print = (records: number, columns: readonly Column[]) => printNdjson(fields, records, columns);
  if (format === 'csv') {
    const columns = new CsvColumns(fields);
    for await (const row of readRows(db, snapshot, signal)) columns.add(row.columns);
    const list = columns.list();
    yield Buffer.from(printCsvHeader(fields, list));
    print = (records, row) => printCsv(fields, list, records, row);
  }
  for await (const { records, columns } of readRows(db, snapshot, signal)) {
    yield Buffer.from(print(records, columns));
    progress.written += records;
    onProgress?.({ ...progress });
  }
}

/** Reads the rows of a snapshot; each one while the one before it is being processed. */
async function* readRows(db: Database, snapshot: Snapshot, signal: AbortSignal | undefined) {
  const read = (number: number) => {
    const row = number < snapshot.rows ? readSnapshotRow(db, snapshot, number) : undefined;
    // Its error is thrown when it is awaited, unless the export ends before.
    row?.catch(() => {});
    return row;
  };
  let next = read(0);
  for (let number = 1; next; number += 1) {
    signal?.throwIfAborted();
    const row = await next;
    next = read(number);
    yield row;
  }
  signal?.throwIfAborted();
}
