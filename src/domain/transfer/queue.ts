import type { Database, WriteDb } from '../../db/client.ts';
import { Prisma } from '../../db/generated/client.ts';
import { inWorkspace } from '../../db/sql.ts';
import { inTransaction } from '../../db/transaction.ts';
import type { Actor } from '../shared/actor.ts';
import { ConflictError } from '../shared/errors.ts';
import { type Candidate, MAX_CANDIDATES, takeFirst } from '../shared/take-first.ts';
import type { ExportProgress } from './export.ts';
import { createJob, JobTakenError, jobColumns, type NewTransferJob, type TransferJob } from './jobs.ts';

type JobId = Pick<TransferJob, 'workspaceId' | 'id'>;

/** Maximum number of jobs of a workspace that run at the same time, in all gateways. */
export const MAX_RUNNING_JOBS = 2;

/** Maximum number of jobs of a workspace that are not complete: bounds what their stored files take. */
export const MAX_PENDING_JOBS = 10;

/** Without a heartbeat for this long, in ms, the process that ran a job is considered dead. */
export const LEASE_MS = 10_000;

/** Processes in a row that may end while they run a job, before it fails: it may be what ends them. */
const MAX_FAILED_ATTEMPTS = 5;

/** How long in ms an upload may send nothing before its job is considered abandoned. */
const UPLOAD_LEASE_MS = 10 * 60_000;

/** The workspace has `MAX_PENDING_JOBS`. */
export class TooManyJobsError extends ConflictError {
  constructor() {
    super(`The workspace has ${MAX_PENDING_JOBS} unfinished imports and exports; wait until one ends, or cancel one.`);
  }
}

/** Serializes the creation and the start of a workspace's jobs until the transaction ends. */
const lock = (tx: WriteDb, workspaceId: string) => tx.query`/* lockTransferJobs */
  SELECT pg_advisory_xact_lock(hashtextextended(${`transfer_jobs ${workspaceId}`}, 0)) ${inWorkspace(workspaceId)}`;

/**
 * Creates a job whose files are stored in the database.
 * @throws {TooManyJobsError}
 */
export function createStoredJob(
  db: Database,
  actor: Actor,
  job: Omit<NewTransferJob, 'isStored'>,
): Promise<TransferJob> {
  return inTransaction(db, async (tx) => {
    await lock(tx, actor.workspaceId);
    const [pending] = await tx.query<{ count: number }[]>`/* countPendingTransferJobs */
      SELECT count(*)::int AS count FROM transfer_jobs
      WHERE workspace_id = ${actor.workspaceId}::uuid AND completed_at IS NULL AND is_stored`;
    if (pending && pending.count >= MAX_PENDING_JOBS) throw new TooManyJobsError();
    const created = await createJob(tx, actor, { ...job, isStored: true });
    if (!created) throw new Error('A job without a source was not created.');
    return created;
  });
}

/**
 * Takes the next job of any workspace: one that waits, or whose process has died. Workspaces with fewer running jobs come
 * first.
 * @param maxRunning takes no job of a workspace that has as many running jobs.
 */
export async function takeNextJob(
  db: Database,
  owner: string,
  maxRunning: number = MAX_RUNNING_JOBS,
): Promise<TransferJob | undefined> {
  const candidates = await db.queryAllWorkspaces<(JobId & Candidate)[]>`/* findNextTransferJobs */
    WITH busy AS (
      SELECT workspace_id, count(*) AS jobs FROM transfer_jobs
      WHERE completed_at IS NULL AND is_stored AND ${isRunning}
      GROUP BY workspace_id
    )
    SELECT transfer_jobs.workspace_id AS "workspaceId", transfer_jobs.id,
      ARRAY[coalesce(busy.jobs, 0), extract(epoch FROM transfer_jobs.created_at)]::float8[] AS place
    FROM transfer_jobs LEFT JOIN busy ON busy.workspace_id = transfer_jobs.workspace_id
    WHERE completed_at IS NULL AND is_stored AND coalesce(busy.jobs, 0) < ${maxRunning}::int AND ${isStartable}
    ORDER BY coalesce(busy.jobs, 0), transfer_jobs.created_at, transfer_jobs.id LIMIT ${MAX_CANDIDATES}`;
  return takeFirst(candidates, 0, (job) => takeJob(db, job, owner, maxRunning));
}

/** Whether a process runs a job. */
const isRunning = Prisma.sql`state = 'running' AND heartbeat_at > now() - ${LEASE_MS}::int * interval '1 millisecond'`;

/** Whether a job waits, or its process has died. */
const isStartable = Prisma.sql`(
  state = 'waiting'
  OR state = 'running' AND heartbeat_at <= now() - ${LEASE_MS}::int * interval '1 millisecond'
    AND failed_attempts < ${MAX_FAILED_ATTEMPTS}::int
)`;

function takeJob(
  db: Database,
  { workspaceId, id }: JobId,
  owner: string,
  maxRunning: number,
): Promise<TransferJob | undefined> {
  return inTransaction(db, async (tx) => {
    // Otherwise, two processes could each start the last job that the workspace may run.
    await lock(tx, workspaceId);
    const [job] = await tx.query<TransferJob[]>`/* claimTransferJob */
      UPDATE transfer_jobs
      SET state = 'running', owner = ${owner}::uuid, heartbeat_at = now(), started_at = coalesce(started_at, now()),
        failed_attempts = failed_attempts + CASE WHEN state = 'running' THEN 1 ELSE 0 END
      WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND completed_at IS NULL AND is_stored AND ${isStartable}
        AND ${maxRunning}::int > (
          SELECT count(*) FROM transfer_jobs AS busy
          WHERE busy.workspace_id = ${workspaceId}::uuid AND busy.completed_at IS NULL AND busy.is_stored AND ${isRunning}
        )
      RETURNING ${jobColumns.list}`;
    return job;
  });
}

/** The jobs of all workspaces that have not ended. */
export interface JobCounts {
  /** Number of jobs that wait for a process, also because theirs has died. */
  queued: number;
  /** Number of jobs that a process runs. */
  running: number;
  /** For how long the first of the queued jobs has been waiting, in seconds; 0 if there is none. */
  oldestQueuedSeconds: number;
}

/** Counts the jobs of all workspaces for metrics, by the index of pending jobs: at most `MAX_PENDING_JOBS` of a workspace. */
export async function countTransferJobs(db: WriteDb): Promise<JobCounts> {
  const counts = await db.queryAllWorkspaces<JobCounts[]>`/* countTransferJobs */
    SELECT
      count(*) FILTER (WHERE is_queued)::int AS queued,
      count(*) FILTER (WHERE NOT is_queued)::int AS running,
      -- A job that was released has waited since its last heartbeat, and an import since the end of its upload.
      greatest(extract(epoch FROM now() - min(greatest(created_at, heartbeat_at)) FILTER (WHERE is_queued)), 0)::float8
        AS "oldestQueuedSeconds"
    FROM (
      SELECT created_at, heartbeat_at,
        state = 'waiting' OR heartbeat_at <= now() - ${LEASE_MS}::int * interval '1 millisecond' AS is_queued
      FROM transfer_jobs WHERE completed_at IS NULL AND is_stored AND state IN ('waiting', 'running')
    ) AS pending`;
  return {
    queued: counts.reduce((sum, { queued }) => sum + queued, 0),
    running: counts.reduce((sum, { running }) => sum + running, 0),
    oldestQueuedSeconds: Math.max(0, ...counts.map(({ oldestQueuedSeconds }) => oldestQueuedSeconds)),
  };
}

/** Rows that a job has handled. */
export interface TransferProgress {
  written: number;
  rejected: number;
}

/**
 * Reports that the owner of a job is running it.
 * @returns its progress; undefined if it no longer owns the job, or the job was canceled.
 */
export async function reportRunning(
  db: WriteDb,
  { workspaceId, id }: JobId,
  owner: string,
): Promise<TransferProgress | undefined> {
  const [progress] = await db.query<TransferProgress[]>`/* reportTransferJob */
    UPDATE transfer_jobs SET heartbeat_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND owner = ${owner}::uuid AND state = 'running'
    RETURNING written::float8 AS written, rejected::float8 AS rejected`;
  return progress;
}

/** Reports the progress of an export. @throws {JobTakenError} as `reportRunning` returns false. */
export async function reportExport(
  db: WriteDb,
  { workspaceId, id }: JobId,
  owner: string,
  { copied, isComplete, written }: ExportProgress,
): Promise<void> {
  const count = await db.execute`/* reportTransferExport */
    UPDATE transfer_jobs SET
      heartbeat_at = now(), records_total = ${isComplete ? copied : null}::bigint, records_read = ${written}::bigint,
      written = ${written}::bigint
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND owner = ${owner}::uuid AND state = 'running'`;
  if (count === 0) throw new JobTakenError(id);
}

/** Lets another process take a job at once, because this one is shutting down. */
export async function releaseJob(db: WriteDb, { workspaceId, id }: JobId, owner: string): Promise<void> {
  await db.execute`/* releaseTransferJob */
    UPDATE transfer_jobs SET state = 'waiting', owner = NULL
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND owner = ${owner}::uuid AND state = 'running'`;
}

/**
 * Cancels a job that is not complete, and lets its files be deleted. The rows that it has written stay.
 * @returns the job; undefined if there is none.
 */
export async function cancelJob(db: WriteDb, { workspaceId, id }: JobId): Promise<TransferJob | undefined> {
  const [job] = await db.query<TransferJob[]>`/* cancelTransferJob */
    UPDATE transfer_jobs SET
      state = CASE WHEN completed_at IS NULL THEN 'canceled' ELSE state END,
      owner = NULL, completed_at = coalesce(completed_at, now()), expires_at = now()
    WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid AND is_stored
    RETURNING ${jobColumns.list}`;
  return job;
}

/** Ends jobs that no process completes. */
export async function endHopelessJobs(db: WriteDb): Promise<void> {
  await db.executeAllWorkspaces`/* endHopelessTransferJobs */
    UPDATE transfer_jobs SET
      state = 'failed', error = ${`${MAX_FAILED_ATTEMPTS} processes ended while they ran the job.`}, owner = NULL,
      completed_at = now(), expires_at = coalesce(expires_at, now() + interval '1 week')
    WHERE completed_at IS NULL AND is_stored AND state = 'running' AND failed_attempts >= ${MAX_FAILED_ATTEMPTS}::int
      AND heartbeat_at <= now() - ${LEASE_MS}::int * interval '1 millisecond'`;
}

/** Ends the jobs whose upload was abandoned, so that their files are deleted. */
export async function endAbandonedUploads(db: WriteDb): Promise<void> {
  await db.executeAllWorkspaces`/* endAbandonedTransferUploads */
    UPDATE transfer_jobs
    SET state = 'failed', error = 'The upload was interrupted.', completed_at = now(), expires_at = now()
    WHERE completed_at IS NULL AND is_stored AND state = 'receiving'
      AND heartbeat_at <= now() - ${UPLOAD_LEASE_MS}::int * interval '1 millisecond'`;
}

/** Chunks that one step deletes. */
const CHUNKS_PER_STEP = 20;

/**
 * Deletes some chunks of expired jobs, and the jobs that have none left.
 * @returns whether there may be more to delete.
 */
export async function deleteExpiredJobs(db: WriteDb, chunks = CHUNKS_PER_STEP): Promise<boolean> {
  const count = await db.executeAllWorkspaces`/* deleteExpiredTransferChunks */
    DELETE FROM transfer_chunks USING (
      SELECT transfer_chunks.workspace_id, transfer_chunks.job_id, transfer_chunks.part, transfer_chunks.number
      FROM transfer_jobs JOIN transfer_chunks
        ON transfer_chunks.workspace_id = transfer_jobs.workspace_id AND transfer_chunks.job_id = transfer_jobs.id
      WHERE transfer_jobs.expires_at <= now() AND transfer_jobs.completed_at IS NOT NULL LIMIT ${chunks}::int
    ) AS expired
    WHERE transfer_chunks.workspace_id = expired.workspace_id AND transfer_chunks.job_id = expired.job_id
      AND transfer_chunks.part = expired.part AND transfer_chunks.number = expired.number`;
  if (count > 0) return true;
  // After the last chunk, so that no deletion of a job cascades to many.
  await db.executeAllWorkspaces`/* deleteExpiredTransferJobs */
    DELETE FROM transfer_jobs WHERE expires_at <= now() AND completed_at IS NOT NULL AND is_stored AND NOT EXISTS (
      SELECT FROM transfer_chunks
      WHERE transfer_chunks.workspace_id = transfer_jobs.workspace_id AND transfer_chunks.job_id = transfer_jobs.id
    )`;
  return false;
}
