import { RateLimiterCluster } from 'rate-limiter-flexible';
import { COUNTING, type Counter, countInProcess, countWith } from '../../http/limits/rate.ts';

/** Longest time in ms that a worker waits for the primary to count. */
const ANSWER_MS = 1_000;

/**
 * Has the primary count, for all workers together. Where it does not answer, as it does not any more while a worker that
 * has lost it answers what is in flight, the worker counts for itself.
 */
export function countInPrimary(): Counter {
  const together = countWith(new RateLimiterCluster({ ...COUNTING, keyPrefix: 'points', timeoutMs: ANSWER_MS }));
  const here = countInProcess();
  return async (key, points, limit) => {
    if (!process.connected) return here(key, points, limit);
    return together(key, points, limit).catch(() => here(key, points, limit));
  };
}
