import { setTimeout as delay } from 'node:timers/promises';
import { DatabaseError } from 'pg';

/** SQLSTATEs of a statement that was cancelled after `lock_timeout`, and of a deadlock. */
const SQL_STATES = new Set(['55P03', '40P01']);

/**
 * How a migration waits for locks that other transactions hold, such as those of a backup with pg_dump. Meanwhile the statements of
 * gateways queue behind the migration, and are cancelled after 2 s (`LIMIT_LOCK_MS`). So a migration that does not get a lock in half
 * of that time is rolled back, lets them pass, and starts again.
 */
export interface LockRetries {
  /** Maximum sum of the waits of an attempt, in ms. */
  timeoutMs: number;
  /** How long to let other statements pass before the next attempt, in ms. */
  pauseMs: number;
  /** The maximum number of attempts. */
  attempts: number;
}

/** Two minutes. */
export const DEFAULT_LOCK_RETRIES: LockRetries = { timeoutMs: 1_000, pauseMs: 2_000, attempts: 40 };

/** Whether a statement failed because of the locks of other transactions. */
export const isLockConflict = (error: unknown): boolean =>
  error instanceof DatabaseError && SQL_STATES.has(error.code ?? '');

/**
 * Repeats a transaction while it does not get its locks.
 * @param run returns false if it did not get its locks, and was rolled back.
 * @param onRetry called before the second attempt.
 * @returns false if no attempt got the locks.
 */
export async function retryOnLockConflict(
  run: () => Promise<boolean>,
  { pauseMs, attempts }: LockRetries,
  onRetry: () => void,
): Promise<boolean> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    if (await run()) return true;
    if (attempt === 1) onRetry();
    if (attempt < attempts) await delay(pauseMs);
  }
  return false;
}
