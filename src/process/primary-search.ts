import { setTimeout as delay } from 'node:timers/promises';
import { DifferentClustersError, type FoundPrimary, findPrimary, NoPrimaryError } from '../db/servers/find-primary.ts';
import { StartError } from '../dev/start-error.ts';
import { type CheckedDatabase, checkDatabase, type DatabaseCheckOptions } from './database-check.ts';

/** Delay in ms between attempts to find the primary. */
const RETRY_MS = 500;

/**
 * Like `checkDatabase`, for one server or several: waits until one of several is the primary, and checks that one.
 * @throws {StartError}
 */
export async function checkServers(urls: readonly string[], options: DatabaseCheckOptions): Promise<CheckedDatabase> {
  const [first = ''] = urls;
  if (urls.length === 1) return checkDatabase(first, options);
  const { url, systemId } = await waitForPrimary(urls, options);
  const checked = await checkDatabase(url, options);
  return { ...checked, connection: { ...checked.connection, servers: { urls: [...urls], systemId } } };
}

async function waitForPrimary(urls: readonly string[], options: DatabaseCheckOptions): Promise<FoundPrimary> {
  const { waitMs, log, signal } = options;
  const deadline = Date.now() + waitMs;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await findPrimary(urls);
    } catch (error) {
      if (error instanceof DifferentClustersError) throw new StartError(error.message);
      if (!(error instanceof NoPrimaryError)) throw error;
      // This server's own message names what to correct.
      if (error.rejectedBy !== undefined) await checkDatabase(error.rejectedBy, options);
      const remainingMs = deadline - Date.now();
      if (remainingMs <= 0) {
        throw new StartError(
          `${error.message}. Gave up after ${waitMs} ms (DATABASE_WAIT_MS). Start or promote a server, or correct DATABASE_URLS.`,
        );
      }
      if (attempt === 0) log.warn(`${error.message}; retrying for up to ${waitMs} ms`);
      await delay(Math.min(RETRY_MS, remainingMs), undefined, { signal });
    }
  }
}
