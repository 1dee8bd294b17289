import type { EventEmitter } from 'node:events';
import { Socket } from 'node:net';
import type { Client, Pool, PoolClient } from 'pg';
import { ANSWER_TIMEOUT, describeDatabaseError } from './errors.ts';

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
    /timeout exceeded when trying to connect|timeout expired|due to connection timeout/,
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
export const ANSWER_MARGIN_MS = 500;

/**
 * Closes a connection that is in use and has received nothing for `ms`: its statement fails. This takes one timer for each
 * socket; the driver's `query_timeout` takes one for each statement (docs/performance-steps.md).
 */
export function closeSilentConnections(pool: Pool, ms: number): void {
  const clientsInUse = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => clientsInUse.add(client));
  pool.on('release', (_error, client) => clientsInUse.delete(client));
  pool.on('connect', (client) => {
    const socket = 'connection' in client ? streamOf(client.connection) : undefined;
    if (!(socket instanceof Socket)) throw new Error('pg.Client has no connection.stream.');
    socket.setTimeout(ms, () => {
      if (clientsInUse.has(client)) socket.destroy(new Error(ANSWER_TIMEOUT));
    });
  });
}

/** SQLSTATE of a write on a standby, or where `default_transaction_read_only` is on. */
const READ_ONLY = '25006';

/** Calls a listener with each connection on which PostgreSQL rejected a write because the server is read-only. */
export function onReadOnly(pool: Pool, listener: (client: Client) => void): void {
  pool.on('connect', (connected) => {
    const client = connected as unknown as Client & { connection: EventEmitter };
    client.connection.on('errorMessage', ({ code }: { code?: string }) => {
      if (code === READ_ONLY) listener(client);
    });
  });
}

function streamOf(connection: unknown): unknown {
  return typeof connection === 'object' && connection && 'stream' in connection ? connection.stream : undefined;
}
