import { setTimeout as delay } from 'node:timers/promises';
import { isConflict } from './errors.ts';

/** Maximum number of attempts at a transaction that conflicts with concurrent ones. */
const MAX_ATTEMPTS = 5;

/** Upper bound in ms of the first backoff; it doubles with each attempt. Each backoff is a random part of its bound. */
const FIRST_BACKOFF_MS = 20;

/**
 * Runs a transaction, or a statement outside of one, and retries it after a deadlock or a serialization failure, which
 * PostgreSQL has rolled back. It does not retry after any other error, in particular not after a commit whose result was lost.
 */
export async function retryOnConflict<Result>(run: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await run();
    } catch (error) {
      if (attempt === MAX_ATTEMPTS || !isConflict(error)) throw error;
      await delay(Math.random() * FIRST_BACKOFF_MS * 2 ** (attempt - 1));
    }
  }
}
