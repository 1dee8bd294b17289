import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import { eraseSomeEvents, STEP_SIZE } from '../domain/users/erase-events.ts';

/** How long in ms a process waits before it looks for deleted users again. */
const POLL_MS = 5_000;

/** Shortest pause in ms between two steps; a pause is as long as the step before it, so that requests keep half of the time. */
const MIN_PAUSE_MS = 20;

/** Events of a step at the least, where steps of more have failed: a slow disk may need longer than a statement may take. */
const MIN_STEP_SIZE = 50;

/** A job that runs in the background until it is stopped. */
export interface Job {
  /** Ends it after the step under way. */
  stop(): Promise<void>;
}

/**
 * Erases the events of deleted users, step by step, on one connection at most. Every process that serves does; each takes
 * another user. A fault, such as a database that is away, is logged once, and the job goes on when it is over.
 */
export function startErasure(db: Database, log: Logger, pollMs = POLL_MS): Job {
  const stopping = new AbortController();
  const { signal } = stopping;
  const pause = (ms: number) => delay(ms, undefined, { signal, ref: false }).catch(() => {});
  /** Failed steps since the last round. A deletion that fails is skipped, so that it holds up no other one. */
  let failures = 0;
  let stepSize = STEP_SIZE;

  async function step(): Promise<number> {
    const begin = performance.now();
    try {
      const erased = await eraseSomeEvents(db, stepSize, failures);
      stepSize = Math.min(stepSize * 2, STEP_SIZE);
      if (!erased) {
        failures = 0;
        return pollMs;
      }
      const { isComplete, ...erasure } = erased;
      if (isComplete) log.info(erasure, 'erased the events of a deleted user');
      return Math.max(performance.now() - begin, MIN_PAUSE_MS);
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
