import type { Database } from '../../db/client.ts';
import { DomainError } from '../shared/errors.ts';
import { ImportFileError } from './formats/record.ts';
import { type RejectSink, runImport } from './import.ts';
import type { TransferJob } from './jobs.ts';
import { isImportKind } from './kinds.ts';
import { importOptions, openImport } from './open.ts';
import { Pace } from './pace.ts';
import { appendChunk, readStoredFile } from './stored-files.ts';

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
 * Runs a job whose files are stored, from its position to its end, or until the signal stops it after a step.
 * @param owner the process that has taken the job.
 * @returns the job, whose state is `completed`, or `running` if it was stopped.
 * @throws {JobTakenError}
 * @throws {ImportFileError} if its file cannot be imported.
 */
export async function runStoredJob(
  db: Database,
  job: TransferJob,
  owner: string,
  signal: AbortSignal,
): Promise<TransferJob> {
  if (!isImportKind(job.kind)) throw new Error(`Not implemented: ${job.kind}.`);
  const file = await openImport(job.kind, readStoredFile(db, job, 'input'), importOptions.parse(job.options));
  const { job: ended } = await runImport(db, job, owner, {
    file,
    rejects: storedRejects(job),
    pace: new Pace(db, { chunk: CHUNK_RECORDS }),
    signal,
    keepMs: KEEP_MS.import,
  });
  return ended;
}

/** Why a job failed, for its owner; undefined for an unexpected error. */
export function describeJobFailure(error: unknown): string | undefined {
  return error instanceof ImportFileError || error instanceof DomainError ? error.message : undefined;
}
