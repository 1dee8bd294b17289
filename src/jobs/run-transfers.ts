import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database, DatabaseClient } from '../db/client.ts';
import { isUnavailable } from '../db/errors.ts';
import { deleteAbandonedExports, SnapshotLostError } from '../domain/transfer/export-snapshot.ts';
import { endJob, type JobEnd, JobTakenError, type TransferJob } from '../domain/transfer/jobs.ts';
import {
  deleteExpiredJobs,
  endAbandonedUploads,
  endHopelessJobs,
  LEASE_MS,
  MAX_RUNNING_JOBS,
  releaseJob,
  reportRunning,
  type TransferProgress,
  takeNextJob,
} from '../domain/transfer/queue.ts';
import { describeJobFailure, KEEP_MS, runStoredJob } from '../domain/transfer/run-stored-job.ts';
import { deletePart } from '../domain/transfer/stored-files.ts';
import { type JobMessage, jobChannel, report, transferChannel } from '../telemetry/channels.ts';
import { type Job, type RunningJobs, reportStep } from './run-jobs.ts';

/** Interval in ms between two searches for a job. */
const POLL_MS = 1_000;

/** Interval in ms between two heartbeats; after several missed ones, another process takes the job. */
const HEARTBEAT_MS = LEASE_MS / 5;

/**
 * Maximum number of jobs that a process runs at the same time. The last ones are for workspaces that have no running job, so
 * that these do not wait for the long jobs of another one.
 */
const MAX_JOBS = 4;

/** How many of them can be second jobs of their workspaces. */
const SHARED_JOBS = 2;

/** A job that this process runs. */
class JobRun {
  readonly #db: Database;
  readonly #log: Logger;
  readonly #job: TransferJob;
  readonly #owner: string;
  readonly #stopping: AbortController;
  /** The rows that metrics count already. */
  #reported: TransferProgress;

  constructor(db: Database, log: Logger, job: TransferJob, owner: string) {
    this.#db = db;
    this.#log = log.child({ workspaceId: job.workspaceId, jobId: job.id, kind: job.kind });
    this.#job = job;
    this.#owner = owner;
    this.#stopping = new AbortController();
    this.#reported = job;
  }

  /** Stops after the current step, so that another process can continue. */
  stop(): void {
    this.#stopping.abort(new Error('The process is shutting down.'));
  }

  /** Runs the job to its end, unless it is stopped, canceled or taken by another process. */
  run(): Promise<void> {
    const name = this.#job.kind.startsWith('import') ? 'run-import' : 'run-export';
    return report<JobMessage, void>(
      jobChannel,
      () => ({ name, hasWorked: true }),
      (message) => this.#run(message),
    );
  }

  async #run(message: JobMessage | undefined): Promise<void> {
    const { signal } = this.#stopping;
    const ended = new AbortController();
    const beating = this.#beat(ended.signal);
    try {
      await runStoredJob(this.#db, this.#job, this.#owner, signal);
      await this.#end({ state: 'completed' });
    } catch (error) {
      const isFailure = await this.#fail(error);
      if (message && isFailure) message.error = error;
    } finally {
      ended.abort();
      await beating;
    }
  }

  /** Reports regularly that the job runs; stops it if it was canceled or taken. */
  async #beat(ended: AbortSignal): Promise<void> {
    while (!ended.aborted) {
      await delay(HEARTBEAT_MS, undefined, { signal: ended, ref: false }).catch(() => {});
      // An unavailable database fails the job's own statements as well.
      if (ended.aborted) return;
      const progress = await reportRunning(this.#db, this.#job, this.#owner).catch(() => this.#reported);
      if (progress) this.#report(progress);
      else this.#stopping.abort(new JobTakenError(this.#job.id));
    }
  }

  #report(progress: TransferProgress): void {
    const written = progress.written - this.#reported.written;
    const rejected = progress.rejected - this.#reported.rejected;
    this.#reported = progress;
    // A restarted export counts from 0 again.
    transferChannel.publish({
      kind: this.#job.kind,
      written: Math.max(written, 0),
      rejected: Math.max(rejected, 0),
    });
  }

  /** @returns whether the job has failed, rather than been stopped, and not because of its input. */
  async #fail(error: unknown): Promise<boolean> {
    const { signal } = this.#stopping;
    if (error instanceof JobTakenError || signal.reason instanceof JobTakenError) return false;
    // After a crash of the database, an export starts again.
    if (signal.aborted || error instanceof SnapshotLostError) {
      await releaseJob(this.#db, this.#job, this.#owner).catch(() => {});
      return !signal.aborted;
    }
    if (error instanceof Error && isUnavailable(error)) {
      // Without further heartbeats, a process takes the job again.
      this.#log.warn({ err: error }, 'an import or export was interrupted; retrying');
      return true;
    }
    const message = describeJobFailure(error);
    if (message === undefined) this.#log.error({ err: error }, 'an import or export failed');
    await this.#end({ state: 'failed', error: message ?? 'Unexpected error.' });
    // Errors with a description are those of the caller's file.
    return message === undefined;
  }

  async #end(end: Pick<JobEnd, 'state' | 'error'>): Promise<void> {
    const keepMs = KEEP_MS[this.#job.kind.startsWith('import') ? 'import' : 'export'];
    try {
      const job = await endJob(this.#db, this.#job, this.#owner, { ...end, keepMs });
      this.#report(job);
      const { state, written, rejected } = job;
      this.#log.info({ state, written, rejected }, 'an import or export ended');
      // If this fails, the file is deleted with its job.
      await deletePart(this.#db, this.#job, 'input').catch(() => {});
    } catch (error) {
      if (!(error instanceof JobTakenError)) this.#log.warn({ err: error }, 'cannot end a job; retrying');
    }
  }
}

/**
 * Runs the imports and exports whose files are stored, at most `MAX_JOBS` at a time. All serving processes share the
 * jobs: one takes over the jobs of another that was killed.
 */
export function runTransfers(db: DatabaseClient, log: Logger): RunningJobs {
  const stopping = new AbortController();
  const { signal } = stopping;
  const runs = new Map<JobRun, Promise<void>>();
  let hasFailed = false;

  async function startNext(): Promise<boolean> {
    const owner = randomUUID();
    const job = await takeNextJob(db, owner, runs.size < SHARED_JOBS ? MAX_RUNNING_JOBS : 1);
    if (!job) return false;
    const run = new JobRun(db.forWorkspace(job.workspaceId), log, job, owner);
    runs.set(
      run,
      run.run().finally(() => runs.delete(run)),
    );
    return true;
  }

  /** @returns whether it has started any. */
  async function startAll(): Promise<boolean> {
    let hasStarted = false;
    while (!signal.aborted && runs.size < MAX_JOBS && (await startNext())) hasStarted = true;
    return hasStarted;
  }

  async function search(): Promise<void> {
    try {
      await reportStep('find-transfers', startAll);
      hasFailed = false;
    } catch (error) {
      if (!hasFailed) log.warn({ err: error }, 'cannot find imports and exports to run; retrying');
      hasFailed = true;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      await search();
      await delay(POLL_MS, undefined, { signal, ref: false }).catch(() => {});
    }
    for (const each of runs.keys()) each.stop();
    await Promise.all(runs.values());
  }

  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}

/** Deletes expired jobs with their files. */
export function deleteExpiredTransfers(db: Database): Job {
  const step = async (chunks: number) => {
    await endAbandonedUploads(db);
    await endHopelessJobs(db);
    await deleteAbandonedExports(db);
    return deleteExpiredJobs(db, chunks);
  };
  return { name: 'delete-expired-transfers', step, stepSize: 50, purpose: 'delete expired imports and exports' };
}
