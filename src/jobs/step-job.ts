import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';

/** Interval in ms between two searches for work. */
export const POLL_MS = 5_000;

/** Minimum pause in ms between two steps. A pause is as long as the step before it: a job takes at most half of the time. */
const MIN_PAUSE_MS = 20;

/** Minimum rows per step. A failed step halves the size: a slow disk may need longer than the statement timeout allows. */
const MIN_STEP_SIZE = 50;

/** A job that runs in the background until it is stopped. */
export interface Job {
  /** Stops the job after its current step. */
  stop(): Promise<void>;
}

/** Work that consists of tasks, each of which is done in steps. */
interface StepWork {
  /**
   * Does one step of the first task that no other process is working on. Returns false if there is none.
   * @param stepSize the maximum number of rows. @param skip the number of tasks to skip, because their steps failed.
   */
  step(stepSize: number, skip: number): Promise<boolean>;
  stepSize: number;
  /** What a failed step could not do, for the log: `erase the events of deleted users`. */
  purpose: string;
}

/**
 * Starts a job. Every serving process runs it, each on a different task. An error, such as an unreachable database, is logged
 * once; the job continues when it is resolved.
 */
export function startStepJob(work: StepWork, log: Logger, pollMs: number): Job {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  /** Failed steps of this round, which ends when no task is left. The next step skips as many, so that they do not block others. */
  let failures = 0;
  let { stepSize } = work;

  /** Returns the duration of the pause after the step in ms. */
  async function step(): Promise<number> {
    const startedAt = performance.now();
    try {
      const hasWorked = await work.step(stepSize, failures);
      stepSize = Math.min(stepSize * 2, work.stepSize);
      if (hasWorked) return Math.max(performance.now() - startedAt, MIN_PAUSE_MS);
      failures = 0;
      return pollMs;
    } catch (error) {
      if (failures === 0) log.warn({ err: error }, `cannot ${work.purpose}; retrying`);
      failures += 1;
      stepSize = Math.max(Math.floor(stepSize / 2), MIN_STEP_SIZE);
      return pollMs;
    }
  }

  async function run(): Promise<void> {
    while (!signal.aborted) await pause(await step());
  }

  const running = run();
  return {
    stop: () => {
      stopping.abort();
      return running;
    },
  };
}
