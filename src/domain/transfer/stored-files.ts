import type { ReadDb, WriteDb } from '../../db/client.ts';
import type { TransferPart } from '../../db/generated/client.ts';
import { LimitExceededError } from '../shared/errors.ts';
import { JobTakenError, type TransferJob } from './jobs.ts';

export type { TransferPart };

type JobId = Pick<TransferJob, 'workspaceId' | 'id'>;

/** Size in bytes of a stored chunk: one statement writes it, so that a slow disk does not exceed the statement timeout. */
const CHUNK_BYTES = 512 * 1024;

/** The file has more bytes than allowed. */
export class FileTooLargeError extends LimitExceededError {
  constructor(maxBytes: number) {
    super(`The compressed file must have at most ${maxBytes} bytes.`);
  }
}

/** Regroups bytes into chunks of `CHUNK_BYTES`, of which the last one is smaller. */
async function* inChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of bytes) {
    parts.push(part);
    size += part.length;
    if (size < CHUNK_BYTES) continue;
    const all = Buffer.concat(parts);
    let start = 0;
    for (; all.length - start >= CHUNK_BYTES; start += CHUNK_BYTES) yield all.subarray(start, start + CHUNK_BYTES);
    parts = [all.subarray(start)];
    size = all.length - start;
  }
  if (size > 0) yield Buffer.concat(parts);
}

/** Options of `storeFile`. */
interface StoreOptions {
  /** Maximum size in bytes; default: unlimited. */
  maxBytes?: number;
  /** Called after each chunk with the number of bytes that were stored. */
  onProgress?(bytes: number): unknown;
}

/**
 * Stores a file of a job, replacing one that was stored before. Each chunk is committed separately.
 * @returns its size in bytes.
 * @throws {FileTooLargeError}
 * @throws {JobTakenError} if the job was completed, canceled or deleted meanwhile.
 */
export async function storeFile(
  db: WriteDb,
  job: JobId,
  part: TransferPart,
  bytes: AsyncIterable<Uint8Array>,
  { maxBytes = Number.POSITIVE_INFINITY, onProgress }: StoreOptions = {},
): Promise<number> {
  await deletePart(db, job, part);
  let stored = 0;
  for await (const chunk of inChunks(bytes)) {
    stored += chunk.length;
    if (stored > maxBytes) throw new FileTooLargeError(maxBytes);
    await appendChunk(db, job, part, chunk);
    await onProgress?.(stored);
  }
  return stored;
}

/** Adds a chunk to a file, also in the transaction of a step. @throws {JobTakenError} as for `storeFile`. */
export async function appendChunk(
  db: WriteDb,
  { workspaceId, id }: JobId,
  part: TransferPart,
  data: Uint8Array,
): Promise<void> {
  const count = await db.execute`/* appendTransferChunk */
    WITH job AS (
      UPDATE transfer_jobs SET heartbeat_at = now()
      WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND completed_at IS NULL
      RETURNING id
    )
    INSERT INTO transfer_chunks (workspace_id, job_id, part, number, data)
    SELECT ${workspaceId}::uuid, job.id, ${part}::transfer_part, coalesce((
        SELECT max(number) + 1 FROM transfer_chunks
        WHERE workspace_id = ${workspaceId}::uuid AND job_id = ${id}::uuid AND part = ${part}::transfer_part
      ), 0), ${data}::bytea
    FROM job`;
  if (count === 0) throw new JobTakenError(id);
}

/** A part of the file was deleted while it was being read. */
export class FileDeletedError extends Error {
  override name = 'FileDeletedError';
}

/**
 * Reads a stored file as it is now, one chunk at a time.
 * @throws {FileDeletedError} if it is deleted meanwhile: its beginning must not be taken for the whole file.
 */
export async function* readStoredFile(
  db: ReadDb,
  { workspaceId, id }: JobId,
  part: TransferPart,
): AsyncGenerator<Buffer> {
  const [file] = await db.query<{ chunks: number }[]>`/* countTransferChunks */
    SELECT count(*)::int AS chunks FROM transfer_chunks
    WHERE workspace_id = ${workspaceId}::uuid AND job_id = ${id}::uuid AND part = ${part}::transfer_part`;
  for (let number = 0; number < (file?.chunks ?? 0); number += 1) {
    const [chunk] = await db.query<{ data: Buffer }[]>`/* readTransferChunk */
      SELECT data FROM transfer_chunks
      WHERE workspace_id = ${workspaceId}::uuid AND job_id = ${id}::uuid AND part = ${part}::transfer_part
        AND number = ${number}::int`;
    if (!chunk) throw new FileDeletedError('The file was deleted while it was being read.');
    yield chunk.data;
  }
}

/** Deletes a file of a job. */
export async function deletePart(db: WriteDb, { workspaceId, id }: JobId, part: TransferPart): Promise<void> {
  await db.execute`/* deleteTransferPart */
    DELETE FROM transfer_chunks
    WHERE workspace_id = ${workspaceId}::uuid AND job_id = ${id}::uuid AND part = ${part}::transfer_part`;
}
