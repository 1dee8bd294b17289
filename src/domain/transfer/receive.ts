import type { Database, WriteDb } from '../../db/client.ts';
import type { Actor } from '../shared/actor.ts';
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
 * @throws {JobTakenError} if the job was canceled during the upload.
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
  try {
    const bytes = await storeFile(db, created, 'input', file, { maxBytes });
    return await completeUpload(db, created, bytes);
  } catch (error) {
    await abandonUpload(db, created);
    throw error;
  }
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
