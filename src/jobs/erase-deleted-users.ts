import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { eraseSomeEvents, STEP_SIZE } from '../domain/users/erase-events.ts';

/** Interval in ms between two searches for deleted users. */
const POLL_MS = 5_000;

/** Minimum pause in ms between two steps. A pause is as long as the step before it: erasure takes at most half of the time. */
const MIN_PAUSE_MS = 20;

/** Minimum events per step. A failed step halves the size: a slow disk may need longer than the statement timeout allows. */
const MIN_STEP_SIZE = 50;

/** A job that runs in the background until it is stopped. */
export interface Job {
  /** Stops the job after its current step. */
  stop(): Promise<void>;
}

/**
 * Starts to erase the events of deleted users, in steps, on one connection. Every serving process runs this job, each for
 * a different user. An error, such as an unreachable database, is logged once; the job continues when it is resolved.
 */
export function startErasure(db: Database, log: Logger, pollMs = POLL_MS): Job {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  /**
   * Failed steps of this round, which ends when no user is left. The next step skips as many users, so that they do not
   * block others.
   */
  let failures = 0;
  let stepSize = STEP_SIZE;

  async function step(): Promise<number> {
    const startedAt = performance.now();
    try {
      const erasure = await eraseSomeEvents(db, stepSize, failures);
      stepSize = Math.min(stepSize * 2, STEP_SIZE);
      if (!erasure) {
        failures = 0;
        return pollMs;
      }
      const { isComplete, ...progress } = erasure;
      if (isComplete) log.info(progress, 'erased the events of a deleted user');
      return Math.max(performance.now() - startedAt, MIN_PAUSE_MS);
    } catch (error) {
      if (failures === 0) log.warn({ err: error }, 'cannot erase the events of deleted users; retrying');
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
