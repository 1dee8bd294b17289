import { setTimeout as delay } from 'node:timers/promises';
import { DifferentClustersError, findPrimary, NoPrimaryError } from '../db/servers/find-primary.ts';
import { StartError } from '../dev/start-error.ts';
import {
  type CheckedDatabase,
  checkAddresses,
  checkDatabase,
  type DatabaseCheckOptions,
  UnreachableError,
} from './database-check.ts';

/** Delay in ms between attempts to find the primary. */
const RETRY_MS = 500;

/**
 * Like `checkDatabase`, for one server or several: waits until one of several is the primary and can be used. If it becomes
 * unreachable, looks for another one.
 * @throws {StartError}
 */
export async function checkServers(urls: readonly string[], options: DatabaseCheckOptions): Promise<CheckedDatabase> {
  const { variable, waitMs, log, signal } = options;
  const [first = ''] = urls;
  if (urls.length === 1) return checkDatabase(first, options);
  checkAddresses(urls, variable);
  const deadline = Date.now() + waitMs;
  for (let attempt = 0; ; attempt += 1) {
    const result = await checkPrimary(urls, options);
    if (!('problem' in result)) return result;
    const { problem, rejectedBy } = result;
    const remainingMs = deadline - Date.now();
    // One server that rejects this process may be a standby; the message about it names what to correct.
    const [rejecting] = rejectedBy;
    const isFinal = remainingMs <= 0 || rejectedBy.length === urls.length;
    if (rejecting !== undefined && isFinal) await checkDatabase(rejecting, { ...options, waitMs: 0 });
    if (remainingMs <= 0) {
      throw new StartError(
        `${problem}. Gave up after ${waitMs} ms (DATABASE_WAIT_MS). Start or promote a server, or correct ${variable}.`,
      );
    }
    if (attempt === 0) log.warn(`${problem}; retrying for up to ${waitMs} ms`);
    await delay(Math.min(RETRY_MS, remainingMs), undefined, { signal });
  }
}

/** Looks for the primary once and checks it. @returns the problem in one line if there is none at the moment. */
async function checkPrimary(
  urls: readonly string[],
  options: DatabaseCheckOptions,
): Promise<CheckedDatabase | { problem: string; rejectedBy: readonly string[] }> {
  try {
    const { url, ...known } = await findPrimary(urls);
    const checked = await checkDatabase(url, { ...options, waitMs: 0 });
    return { ...checked, connection: { ...checked.connection, servers: { urls: [...urls], ...known } } };
  } catch (error) {
    if (error instanceof DifferentClustersError) throw new StartError(`${error.message} Correct ${options.variable}.`);
    if (error instanceof NoPrimaryError) return { problem: error.message, rejectedBy: error.rejectedBy };
    if (!(error instanceof UnreachableError)) throw error;
    return { problem: `The primary that was found has become unreachable (${error.reason})`, rejectedBy: [] };
  }
}
