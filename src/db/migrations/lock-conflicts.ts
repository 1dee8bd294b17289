import { setTimeout as delay } from 'node:timers/promises';

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

/** The result of a transaction that did not get its locks, and was rolled back. */
export const LOCK_CONFLICT = Symbol('lock conflict');

interface RetryOptions extends Pick<LockRetries, 'pauseMs' | 'attempts'> {
  /** Called before the second attempt. */
  onRetry?(): void;
  /** Ends the attempts. */
  signal?: AbortSignal | undefined;
}

/**
 * Repeats a transaction while it does not get its locks.
 * @returns `LOCK_CONFLICT` if no attempt got the locks. @throws the reason of the signal.
 */
export async function retryOnLockConflict<Result>(
  run: () => Promise<Result | typeof LOCK_CONFLICT>,
  { pauseMs, attempts, onRetry = () => {}, signal }: RetryOptions,
): Promise<Result | typeof LOCK_CONFLICT> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    signal?.throwIfAborted();
    const result = await run();
    if (result !== LOCK_CONFLICT) return result;
    if (attempt === 1) onRetry();
    // The check before the next attempt throws the reason.
    if (attempt < attempts) await delay(pauseMs, undefined, signal && { signal }).catch(() => {});
  }
  return LOCK_CONFLICT;
}
