import { setTimeout as delay } from 'node:timers/promises';

/** Returns the result of a promise, or undefined after `budgetMs`. A later rejection is ignored. */
export async function withinBudget<Result>(result: Promise<Result>, budgetMs: number): Promise<Result | undefined> {
  const ended = new AbortController();
  const timedOut = delay(budgetMs, undefined, { signal: ended.signal }).catch(() => undefined);
  try {
    return await Promise.race([result, timedOut]);
  } finally {
    ended.abort();
  }
}
