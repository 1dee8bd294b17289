import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { DatabaseClient } from '../db/client.ts';

/** How long in ms until filters use an index that has been created. */
const INTERVAL_MS = 60_000;

/**
 * Reads which indexes filters can use, and again every minute until the signal. While the database is unavailable, what was read
 * last remains.
 */
export async function refreshIndexes(db: DatabaseClient, log: Logger, signal: AbortSignal): Promise<void> {
  const refresh = () =>
    db.indexes.refresh(db).catch((error: unknown) => log.warn(error, 'cannot read the indexes of the database'));
  await refresh();
  const repeat = async () => {
    for (;;) {
      await delay(INTERVAL_MS, undefined, { signal, ref: false });
      await refresh();
    }
  };
  // The signal rejects the delay.
  repeat().catch(() => {});
}
