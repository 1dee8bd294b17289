import { setTimeout as delay } from 'node:timers/promises';

/** The result of a promise; undefined if it takes longer than `budgetMs`, whether it fails or not. */
export async function withinBudget<Result>(result: Promise<Result>, budgetMs: number): Promise<Result | undefined> {
  const ended = new AbortController();
  const timedOut = delay(budgetMs, undefined, { signal: ended.signal }).catch(() => undefined);
  try {
    return await Promise.race([result, timedOut]);
  } finally {
    ended.abort();
  }
}
