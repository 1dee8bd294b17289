import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from 'pg';

/** How often another session checks whether the migration waits for a lock, in ms. */
const INTERVAL_MS = 50;

/** Observes a session until it is disposed of. */
export interface LockWaits extends AsyncDisposable {
  /** Whether the session waited for too long, and its statement was canceled. */
  readonly isExceeded: boolean;
}

/**
 * Cancels the statement of a session that has waited for locks for too long in sum. `lock_timeout` limits each wait alone: a session
 * that waits for one table after the other keeps the lock on the first table in the meantime.
 * @param observer another session of the same role, whose queries have a timeout: the end of the observation waits for one.
 * @param pid the session, as PostgreSQL identifies it.
 * @param maxMs the sum of its waits.
 */
export function limitLockWaits(observer: Client, pid: number, maxMs: number): LockWaits {
  const stopping = new AbortController();
  let isExceeded = false;
  const watch = async () => {
    let waitedMs = 0;
    for (let before = performance.now(); !isExceeded; ) {
      await delay(INTERVAL_MS, undefined, { signal: stopping.signal });
      const { rows } = await observer.query<{ isWaiting: boolean | null }>(
        `/* limitLockWaits */ SELECT wait_event_type = 'Lock' AS "isWaiting" FROM pg_stat_activity WHERE pid = ${pid}`,
      );
      const now = performance.now();
      if (rows[0]?.isWaiting) waitedMs += now - before;
      before = now;
      if (waitedMs < maxMs || stopping.signal.aborted) continue;
      isExceeded = true;
      await observer.query(`/* cancelMigration */ SELECT pg_cancel_backend(${pid})`);
    }
  };
  // The signal rejects the delay. If the observer loses its connection or gets no answer, `lock_timeout` remains.
  const watching = watch().catch(() => {});
  return {
    get isExceeded() {
      return isExceeded;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await watching;
    },
  };
}
