import type { Database, WriteDb } from '../../db/client.ts';
import type { Actor } from '../shared/actor.ts';
import { ConflictError } from '../shared/errors.ts';
import type { NewTransferJob, TransferJob } from './jobs.ts';
import { JobTakenError, jobColumns } from './jobs.ts';
import { createStoredJob } from './queue.ts';
import { storeFile } from './stored-files.ts';

/**
 * Stores the file of an import, which then runs in the background.
 * @param file its bytes, compressed with gzip.
 * @returns the job.
 * @throws {TooManyJobsError}
 * @throws {FileTooLargeError}
 * @throws {UploadCanceledError}
 * @throws the error of the upload. The job is then deleted.
 */
export async function receiveImport(
  db: Database,
  actor: Actor,
  job: Pick<NewTransferJob, 'kind' | 'options'>,
  file: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<TransferJob> {
  const created = await createStoredJob(db, actor, { ...job, state: 'receiving' });
  // A slow upload takes longer for a chunk than its job waits for one.
  const heartbeat = setInterval(() => reportReceiving(db, created).catch(() => {}), HEARTBEAT_MS).unref();
  try {
    const bytes = await storeFile(db, created, 'input', file, { maxBytes });
    return await completeUpload(db, created, bytes);
  } catch (error) {
    await abandonUpload(db, created);
    throw error instanceof JobTakenError ? new UploadCanceledError() : error;
  } finally {
    clearInterval(heartbeat);
  }
}

/** The import was canceled while its file was being uploaded. */
export class UploadCanceledError extends ConflictError {
  constructor() {
    super('The import was canceled during the upload.');
  }
}

/** Interval in ms between two reports of an upload. */
const HEARTBEAT_MS = 60_000;

async function reportReceiving(db: WriteDb, { workspaceId, id }: JobId): Promise<void> {
  await db.execute`/* reportTransferUpload */
    UPDATE transfer_jobs SET heartbeat_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND state = 'receiving'`;
}

type JobId = Pick<TransferJob, 'workspaceId' | 'id'>;

async function completeUpload(db: WriteDb, { workspaceId, id }: JobId, bytes: number): Promise<TransferJob> {
  const [job] = await db.query<TransferJob[]>`/* completeTransferUpload */
    UPDATE transfer_jobs SET state = 'waiting', bytes_total = ${bytes}::bigint
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND state = 'receiving'
    RETURNING ${jobColumns.list}`;
  if (!job) throw new JobTakenError(id);
  return job;
}

/** Ends the job of an upload that has failed; it is deleted with its file in the background. */
async function abandonUpload(db: WriteDb, { workspaceId, id }: JobId): Promise<void> {
  await db.execute`/* abandonTransferUpload */
    UPDATE transfer_jobs SET state = 'failed', completed_at = now(), expires_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND state = 'receiving'`;
}
