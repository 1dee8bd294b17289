import type { ReadDb, WriteDb } from '../../db/client.ts';
import { Prisma, type TransferKind, type TransferState } from '../../db/generated/client.ts';
import { columnsOf } from '../../db/reading/columns.ts';
import type { Actor, ActorName } from '../shared/actor.ts';
import { newId } from '../shared/ids.ts';
import type { Instant } from '../shared/instant.ts';
import type { Scope } from '../shared/scopes.ts';

export type { TransferKind, TransferState };

/** How a job reads or writes its file, as the caller gave it. */
export type TransferOptions = Readonly<Record<string, unknown>>;

/** An import or export of many rows. */
export interface TransferJob {
  readonly workspaceId: string;
  readonly id: string;
  readonly kind: TransferKind;
  readonly state: TransferState;
  /** The name of the actor of the writes. */
  readonly keyId: ActorName;
  /** The scopes of the actor. */
  readonly scopes: readonly Scope[];
  readonly options: TransferOptions;
  /** Identifies the content of an imported file; null if the job has none. */
  readonly source: string | null;
  /** Whether its files are stored in the database, so that every gateway can run it. */
  readonly isStored: boolean;
  /** Lets whoever has it download the output; null if there is none. */
  readonly downloadToken: string | null;
  /** Size of the input in bytes; null if it is unknown. */
  readonly bytesTotal: number | null;
  readonly bytesRead: number;
  /** Number of records of an export; null if it is unknown. */
  readonly recordsTotal: number | null;
  /** Number of records that were processed: the position at which the job continues. */
  readonly recordsRead: number;
  readonly written: number;
  readonly rejected: number;
  /** Size in bytes of the rejected records that were reported. */
  readonly rejectedBytes: number;
  readonly createdAt: Instant;
  readonly startedAt: Instant | null;
  /** When the job completed, failed or was canceled; null until then. */
  readonly completedAt: Instant | null;
  /** When its stored files are deleted; null if it has none, or is not complete. */
  readonly expiresAt: Instant | null;
  /** Why the job failed; null unless it did. */
  readonly error: string | null;
}

/** The columns of a `TransferJob`. Numbers are exact: JSON numbers up to 2^53 exceed every size and count of a job. */
export const jobColumns = columnsOf<TransferJob>(
  {
    workspaceId: Prisma.sql`transfer_jobs.workspace_id`,
    id: Prisma.sql`transfer_jobs.id`,
    kind: Prisma.sql`transfer_jobs.kind`,
    state: Prisma.sql`transfer_jobs.state`,
    keyId: Prisma.sql`transfer_jobs.key_id`,
    scopes: Prisma.sql`transfer_jobs.scopes`,
    options: Prisma.sql`transfer_jobs.options`,
    source: Prisma.sql`transfer_jobs.source`,
    isStored: Prisma.sql`transfer_jobs.is_stored`,
    downloadToken: Prisma.sql`transfer_jobs.download_token`,
    bytesTotal: Prisma.sql`transfer_jobs.bytes_total::float8`,
    bytesRead: Prisma.sql`transfer_jobs.bytes_read::float8`,
    recordsTotal: Prisma.sql`transfer_jobs.records_total::float8`,
    recordsRead: Prisma.sql`transfer_jobs.records_read::float8`,
    written: Prisma.sql`transfer_jobs.written::float8`,
    rejected: Prisma.sql`transfer_jobs.rejected::float8`,
    rejectedBytes: Prisma.sql`transfer_jobs.rejected_bytes::float8`,
    createdAt: { instant: Prisma.sql`transfer_jobs.created_at` },
    startedAt: { instant: Prisma.sql`transfer_jobs.started_at` },
    completedAt: { instant: Prisma.sql`transfer_jobs.completed_at` },
    expiresAt: { instant: Prisma.sql`transfer_jobs.expires_at` },
    error: Prisma.sql`transfer_jobs.error`,
  },
  ['id'],
);

/** The actor of a job's writes. */
export const actorOf = ({ workspaceId, keyId, scopes }: TransferJob): Actor => ({
  workspaceId,
  actorName: keyId,
  scopes: new Set(scopes),
});

/** A job to create. */
export interface NewTransferJob {
  kind: TransferKind;
  /** `receiving` if the input is still to be stored, otherwise `waiting`. */
  state: Extract<TransferState, 'receiving' | 'waiting'>;
  options: TransferOptions;
  source?: string;
  bytesTotal?: number;
  isStored?: boolean;
  downloadToken?: string;
}

/**
 * Creates a job.
 * @returns undefined if the workspace has a job of the same kind with the same `source`.
 */
export async function createJob(
  db: WriteDb,
  { workspaceId, actorName, scopes }: Actor,
  { kind, state, options, ...rest }: NewTransferJob,
): Promise<TransferJob | undefined> {
  const { source = null, bytesTotal = null, isStored = false, downloadToken = null } = rest;
  const [job] = await db.query<TransferJob[]>`/* createTransferJob */
    INSERT INTO transfer_jobs (
      workspace_id, id, kind, state, key_id, scopes, options, source, bytes_total, is_stored, download_token,
      created_at, heartbeat_at
    )
    VALUES (
      ${workspaceId}::uuid, ${newId()}::uuid, ${kind}::transfer_kind, ${state}::transfer_state, ${actorName},
      ${[...scopes]}::text[], ${JSON.stringify(options)}::jsonb, ${source}, ${bytesTotal}::bigint, ${isStored},
      ${downloadToken}, now(), now()
    )
    ON CONFLICT (workspace_id, kind, source) DO NOTHING
    RETURNING ${jobColumns.list}`;
  return job;
}

/** Reads a job; undefined if the workspace has none with the id. */
export async function readJob(db: ReadDb, workspaceId: string, id: string): Promise<TransferJob | undefined> {
  const [job] = await db.query<TransferJob[]>`/* readTransferJob */
    SELECT ${jobColumns.list} FROM transfer_jobs WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid`;
  return job;
}

/** Finds the job that imported, or imports, a file; undefined if there is none. */
export async function findJobOfSource(
  db: ReadDb,
  workspaceId: string,
  kind: TransferKind,
  source: string,
): Promise<TransferJob | undefined> {
  const [job] = await db.query<TransferJob[]>`/* findTransferJobOfSource */
    SELECT ${jobColumns.list} FROM transfer_jobs
    WHERE workspace_id = ${workspaceId}::uuid AND kind = ${kind}::transfer_kind AND source = ${source}`;
  return job;
}

/** Lets the file of a job be imported again, by a new job. Cancels a job that is not complete. */
export async function forgetSource(
  db: WriteDb,
  { workspaceId, id }: Pick<TransferJob, 'workspaceId' | 'id'>,
): Promise<void> {
  await db.execute`/* forgetTransferSource */
    UPDATE transfer_jobs SET
      source = NULL, owner = NULL, state = CASE WHEN completed_at IS NULL THEN 'canceled' ELSE state END,
      completed_at = coalesce(completed_at, now())
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid`;
}

/**
 * Makes a process the owner of a job that is not complete, and returns the job at its position. The former owner, if it
 * still runs, fails with `JobTakenError` at its next step.
 * @returns undefined if the job does not exist, or is complete, failed or canceled.
 */
export async function takeJob(
  db: WriteDb,
  { workspaceId, id }: Pick<TransferJob, 'workspaceId' | 'id'>,
  owner: string,
): Promise<TransferJob | undefined> {
  const [job] = await db.query<TransferJob[]>`/* takeTransferJob */
    UPDATE transfer_jobs
    SET state = 'running', owner = ${owner}::uuid, heartbeat_at = now(), started_at = coalesce(started_at, now())
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND state IN ('waiting', 'running')
    RETURNING ${jobColumns.list}`;
  return job;
}

/** Another process has taken the job, or it was canceled: the transaction that wrote the step must be rolled back. */
export class JobTakenError extends Error {
  override name = 'JobTakenError';

  constructor(id: string) {
    super(`Another process continues job ${id}, or it was canceled.`);
  }
}

/** What a step of a job has processed. */
export interface JobStep {
  records: number;
  bytes: number;
  written: number;
  rejected: number;
  rejectedBytes: number;
}

/**
 * Advances a job in the transaction that writes the rows of the step, so that each row is written exactly once.
 * @throws {JobTakenError} if the process no longer owns the job, or the job is no longer running.
 */
export async function advanceJob(
  tx: WriteDb,
  { workspaceId, id }: Pick<TransferJob, 'workspaceId' | 'id'>,
  owner: string,
  step: JobStep,
): Promise<void> {
  const count = await tx.execute`/* advanceTransferJob */
    UPDATE transfer_jobs SET
      records_read = records_read + ${step.records}::bigint, bytes_read = bytes_read + ${step.bytes}::bigint,
      written = written + ${step.written}::bigint, rejected = rejected + ${step.rejected}::bigint,
      rejected_bytes = rejected_bytes + ${step.rejectedBytes}::bigint, heartbeat_at = now(), failed_attempts = 0
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND owner = ${owner}::uuid AND state = 'running'`;
  if (count === 0) throw new JobTakenError(id);
}

/** Maximum length of the reason why a job failed, which can contain parts of its file. */
const MAX_ERROR_LENGTH = 2_000;

/** How a job ended. */
export interface JobEnd {
  state: Extract<TransferState, 'completed' | 'failed' | 'canceled'>;
  /** Why it failed. */
  error?: string;
  /** When its stored files are deleted, in ms from now; omitted if it has none. */
  keepMs?: number;
}

/**
 * Ends a job.
 * @throws {JobTakenError} if the process no longer owns the job, or the job is no longer running.
 */
export async function endJob(
  db: WriteDb,
  { workspaceId, id }: Pick<TransferJob, 'workspaceId' | 'id'>,
  owner: string,
  { state, error, keepMs }: JobEnd,
): Promise<TransferJob> {
  const [job] = await db.query<TransferJob[]>`/* endTransferJob */
    UPDATE transfer_jobs SET
      state = ${state}::transfer_state, error = ${error?.replaceAll('\0', '\uFFFD').slice(0, MAX_ERROR_LENGTH) ?? null}, owner = NULL, completed_at = now(),
      expires_at = coalesce(expires_at, now() + ${keepMs ?? null}::float8 * interval '1 millisecond')
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND owner = ${owner}::uuid AND state = 'running'
    RETURNING ${jobColumns.list}`;
  if (!job) throw new JobTakenError(id);
  return job;
}

/**
 * Lets the unfinished jobs of a workspace be deleted as soon as they end, because their files may contain a user who was
 * deleted.
 */
export async function expireUnfinishedJobs(db: WriteDb, workspaceId: string): Promise<void> {
  await db.execute`/* expireUnfinishedTransferJobs */
    UPDATE transfer_jobs SET expires_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND is_stored AND completed_at IS NULL AND expires_at IS NULL`;
}

/**
 * Deletes some of the stored files of jobs that have ended, because they may contain a user who was deleted. The jobs keep
 * their state and counts, but not a filter, which may name the user, nor the error of such an export.
 * @param limit maximum number of chunks. @returns the number of deleted chunks.
 */
export async function eraseStoredFiles(db: WriteDb, workspaceId: string, limit: number): Promise<number> {
  await db.execute`/* eraseTransferOptions */
    UPDATE transfer_jobs SET download_token = NULL,
      options = CASE WHEN options ? 'where' THEN '{}' ELSE options END,
      error = CASE WHEN options ? 'where' THEN NULL ELSE error END
    WHERE workspace_id = ${workspaceId}::uuid AND is_stored AND completed_at IS NOT NULL
      AND (download_token IS NOT NULL OR options ? 'where')`;
  // In one order, so that concurrent erasures do not deadlock. Expired jobs are deleted in the background.
  return db.execute`/* eraseTransferChunks */
    WITH step AS MATERIALIZED (
      SELECT transfer_chunks.job_id, transfer_chunks.part, transfer_chunks.number
      FROM transfer_chunks JOIN transfer_jobs ON transfer_jobs.id = transfer_chunks.job_id
      WHERE transfer_chunks.workspace_id = ${workspaceId}::uuid AND transfer_jobs.workspace_id = ${workspaceId}::uuid
        AND completed_at IS NOT NULL AND (expires_at IS NULL OR expires_at > now())
      ORDER BY transfer_chunks.job_id, transfer_chunks.part, transfer_chunks.number
      LIMIT ${limit}::int FOR UPDATE OF transfer_chunks
    )
    DELETE FROM transfer_chunks USING step
    WHERE transfer_chunks.workspace_id = ${workspaceId}::uuid AND transfer_chunks.job_id = step.job_id
      AND transfer_chunks.part = step.part AND transfer_chunks.number = step.number`;
}
