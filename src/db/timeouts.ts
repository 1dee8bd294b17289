import { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { ANSWER_TIMEOUT, describeDatabaseError, POOL_TIMEOUT } from './errors.ts';

/** The timeouts of the database, in ms. */
export interface DatabaseTimeouts {
  /** Maximum duration of a statement in the database. */
  statementMs: number;
  /** Maximum wait for a lock. */
  lockMs: number;
  /** Maximum wait for a free connection; after that, the request fails with SERVICE_UNAVAILABLE. */
  poolWaitMs: number;
  /** Maximum wait of a write for earlier writes to the same user in this process. */
  userQueueMs: number;
  /** Maximum duration of the count of a filter, which ends with what was counted until then. */
  countMs: number;
}

/**
 * The message of each timeout in PostgreSQL or the driver, since timeouts share SQLSTATEs; and the activity that the
 * response names.
 */
const timeoutErrors: readonly [pattern: RegExp, timeout: keyof DatabaseTimeouts, activity: string][] = [
  [/due to statement timeout/, 'statementMs', 'running a database query'],
  [/due to lock timeout/, 'lockMs', 'waiting for a row lock'],
  [/due to user queue timeout/, 'userQueueMs', 'waiting for an earlier write to the same user'],
  [
    new RegExp(`${POOL_TIMEOUT}|timeout expired|due to connection timeout`),
    'poolWaitMs',
    'waiting for a database connection',
  ],
];

/** Returns the public message of an error for which the database is unavailable; it names the timeout that expired, if any. */
export function unavailability(error: unknown, timeouts: DatabaseTimeouts): string {
  const { message } = describeDatabaseError(error);
  const expired = timeoutErrors.find(([pattern]) => pattern.test(message));
  if (!expired) return 'Service unavailable; retry later.';
  const [, timeout, activity] = expired;
  return `Timed out after ${timeouts[timeout]} ms ${activity}; retry later.`;
}

/**
 * How long in ms the driver waits for an answer after `statementMs`. PostgreSQL cannot cancel a statement while it is paused or
 * unreachable; the driver then closes the connection, and the outcome of the statement is unknown.
 */
const ANSWER_MARGIN_MS = 500;

/**
 * Closes a connection in use that has received nothing for `statementMs` and a margin, so that its statement fails. This takes one timer
 * for each socket; the driver's `query_timeout` takes one for each statement (docs/performance-steps.md).
 */
export function closeSilentConnections(pool: Pool, statementMs: number): void {
  const clientsInUse = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => clientsInUse.add(client));
  pool.on('release', (_error, client) => clientsInUse.delete(client));
  pool.on('connect', (client) => {
    const { stream } = client.connection;
    if (!(stream instanceof Socket)) throw new Error('pg.Client has no socket.');
    stream.setTimeout(statementMs + ANSWER_MARGIN_MS, () => {
      if (clientsInUse.has(client)) stream.destroy(new Error(ANSWER_TIMEOUT));
    });
  });
}
