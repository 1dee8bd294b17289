import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { z } from 'zod';
import type { Database } from '../../db/client.ts';
import { parseStoredFilter, type StoredFilter } from '../segments/stored-filter.ts';
import { DomainError } from '../shared/errors.ts';
import { type ExportProgress, exportRecords } from './export.ts';
import { exportFormats } from './export-formats.ts';
import type { ImportKind } from './fields.ts';
import { ImportFileError } from './formats/record.ts';
import { type RejectSink, runImport } from './import.ts';
import type { TransferJob } from './jobs.ts';
import { isImportKind } from './kinds.ts';
import { importOptions, openImport } from './open.ts';
import { queryNotation } from './option-notation.ts';
import { Pace } from './pace.ts';
import { reportExport } from './queue.ts';
import { appendChunk, readStoredFile, storeFile } from './stored-files.ts';

const DAY_MS = 86_400_000;

/** How long in ms a job and its files are kept after its end. */
export const KEEP_MS = { import: 7 * DAY_MS, export: DAY_MS } as const;

/** Records in a chunk: a gateway answers no requests while it parses and validates one, 10 µs for each record. */
const CHUNK_RECORDS = 200;

/** Stores rejected records in the transaction of the chunk that rejects them. */
const storedRejects = (job: TransferJob): RejectSink => ({
  write: (tx, lines) => appendChunk(tx, job, 'rejected', lines),
});

/**
 * Runs a job whose files are stored, from its position to its end, or until the signal stops it after a step. The caller
 * ends the job.
 * @param owner the process that has taken the job.
 * @throws {JobTakenError}
 * @throws {ImportFileError} if its file cannot be imported.
 * @throws the reason of the signal.
 */
export function runStoredJob(db: Database, job: TransferJob, owner: string, signal: AbortSignal): Promise<void> {
  return isImportKind(job.kind)
    ? runStoredImport(db, { ...job, kind: job.kind }, owner, signal)
    : runStoredExport(db, { ...job, kind: job.kind }, owner, signal);
}

async function runStoredImport(
  db: Database,
  job: TransferJob & { kind: ImportKind },
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const options = importOptions.parse(job.options);
  const file = await openImport(job.kind, readStoredFile(db, job, 'input'), options, queryNotation);
  const pace = new Pace(db, { workspaceId: job.workspaceId, chunk: CHUNK_RECORDS });
  await runImport(db, job, owner, { file, rejects: storedRejects(job), pace, signal });
  signal.throwIfAborted();
}

/** The types of records by the kind of export. */
const exportTypes = { exportUsers: 'users', exportEvents: 'events', exportLists: 'lists' } as const;

/** The options of an export whose file is stored. */
export const storedExportOptions = z.object({
  format: z.enum(exportFormats),
  gzip: z.boolean(),
  /** In the form in which filters are stored. */
  where: z.custom<StoredFilter>().optional(),
  segmentId: z.uuid().optional(),
});

async function runStoredExport(
  db: Database,
  job: TransferJob & { kind: keyof typeof exportTypes },
  owner: string,
  signal: AbortSignal,
): Promise<void> {
  const { format, where, segmentId } = storedExportOptions.parse(job.options);
  let progress: ExportProgress = { copied: 0, isComplete: false, written: 0 };
  const records = exportRecords(db, job.workspaceId, {
    type: exportTypes[job.kind],
    format,
    where: where && parseStoredFilter(where),
    segmentId,
    signal,
    onProgress: (reached) => {
      progress = reached;
    },
  });
  // Stored compressed, whatever its download is to be.
  const file = Readable.from(records, { objectMode: false }).compose(createGzip());
  // An export that was interrupted starts again: its snapshot is gone.
  await storeFile(db, job, 'output', file, { onProgress: () => reportExport(db, job, owner, progress) });
  await reportExport(db, job, owner, progress);
}

/** Why a job failed, for its owner; undefined for an unexpected error. */
export function describeJobFailure(error: unknown): string | undefined {
  return error instanceof ImportFileError || error instanceof DomainError ? error.message : undefined;
}
