import { RateLimiterCluster } from 'rate-limiter-flexible';
import { type CreateCounter, countHere, countWith, WINDOW_SECONDS } from '../http/rate-limit.ts';

/** Longest time in ms that a worker waits for the primary to count. */
const ANSWER_MS = 1_000;

/**
 * Has the primary count, for all workers together. Where it does not answer, as it does not any more while a worker that
 * has lost it answers what is in flight, the worker counts for itself.
 */
export const countTogether: CreateCounter = (name, points) => {
  const together = countWith(
    new RateLimiterCluster({ keyPrefix: name, points, duration: WINDOW_SECONDS, timeoutMs: ANSWER_MS }),
  );
  const here = countHere(name, points);
  return async (key, cost) => {
    if (!process.connected) return here(key, cost);
    return together(key, cost).catch(() => here(key, cost));
  };
};
