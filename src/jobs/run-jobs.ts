import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { type JobMessage, jobChannel, report } from '../telemetry/channels.ts';

/** Interval in ms between two searches for work. */
export const POLL_MS = 5_000;

/** Minimum pause in ms between two steps. A pause is as long as the step before it: a job takes at most half of the time. */
const MIN_PAUSE_MS = 20;

/** Minimum rows per step. A failed step halves the size: a slow disk may need longer than the statement timeout allows. */
const MIN_STEP_SIZE = 50;

/** The jobs of a process, which run in the background until they are stopped. */
export interface RunningJobs {
  /** Stops them after the current step. */
  stop(): Promise<void>;
}

/** Work that consists of tasks, each of which is done in steps. */
export interface Job {
  /** Such as `erase-deleted-users`. */
  name: string;
  /**
   * Does one step of the first task that no other process is working on. Returns false if there is none.
   * @param stepSize the maximum number of rows. @param skip the number of tasks to skip, because their steps failed.
   */
  step(stepSize: number, skip: number): Promise<boolean>;
  stepSize: number;
  /** What a failed step could not do, for the log: `erase the events of deleted users`. */
  purpose: string;
}

/** A job and what is known from its steps. */
interface ScheduledJob {
  job: Job;
  stepSize: number;
  /** Failed steps of this round, which ends when no task is left. The next step skips as many, so that they do not block others. */
  failures: number;
  /** When the next step starts. */
  dueAt: number;
}

/** Runs a step, and reports it. */
export function reportStep(name: string, step: () => Promise<boolean>): Promise<boolean> {
  return report<JobMessage, boolean>(
    jobChannel,
    () => ({ name }),
    async (message) => {
      const hasWorked = await step();
      if (message) message.hasWorked = hasWorked;
      return hasWorked;
    },
  );
}

/**
 * Runs jobs, one step at a time, so that they use one connection. Every serving process runs them, each on a different task. An error,
 * such as an unreachable database, is logged once; the job continues when it is resolved.
 */
export function runJobs(jobs: readonly Job[], log: Logger, pollMs = POLL_MS): RunningJobs {
  const stopping = new AbortController();
  const { signal } = stopping;
  const schedule: ScheduledJob[] = jobs.map((job) => ({ job, stepSize: job.stepSize, failures: 0, dueAt: 0 }));

  async function step(scheduled: ScheduledJob): Promise<void> {
    const { job, failures } = scheduled;
    const startedAt = performance.now();
    let pauseMs = pollMs;
    try {
      const hasWorked = await reportStep(job.name, () => job.step(scheduled.stepSize, failures));
      scheduled.stepSize = Math.min(scheduled.stepSize * 2, job.stepSize);
      if (hasWorked) pauseMs = Math.max(performance.now() - startedAt, MIN_PAUSE_MS);
      else scheduled.failures = 0;
    } catch (error) {
      if (failures === 0) log.warn({ err: error }, `cannot ${job.purpose}; retrying`);
      scheduled.failures += 1;
      scheduled.stepSize = Math.max(Math.floor(scheduled.stepSize / 2), MIN_STEP_SIZE);
    }
    scheduled.dueAt = performance.now() + pauseMs;
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      for (const scheduled of schedule) {
        if (!signal.aborted && scheduled.dueAt <= performance.now()) await step(scheduled);
      }
      const nextAt = Math.min(...schedule.map(({ dueAt }) => dueAt));
      await delay(Math.max(nextAt - performance.now(), 1), undefined, { signal, ref: false }).catch(() => {});
    }
  }

  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
