import { setTimeout as delay } from 'node:timers/promises';
import { isConflict } from './errors.ts';

/** Tries at the most, of a transaction that lost to a concurrent one. */
const ATTEMPTS = 5;

/** Longest first pause in ms; it doubles with each try, and each is of random length from 0 on. */
const PAUSE_MS = 20;

/**
 * Runs a transaction, or a statement that is one by itself, and runs it again where it deadlocked or conflicted with another
 * one: PostgreSQL has undone it then. Nothing else is run again, above all no commit whose answer was lost.
 */
export async function retryOnConflict<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === ATTEMPTS || !isConflict(error)) throw error;
      await delay(Math.random() * PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}
