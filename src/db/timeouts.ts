import { Socket } from 'node:net';
import type { Pool, PoolClient } from 'pg';
import { factsOf, GIVEN_UP } from './errors.ts';

/** How long in ms a statement may run and wait. */
export interface DatabaseTimeouts {
  /** The statement itself, in the database. */
  statementMs: number;
  /** For a lock. */
  lockMs: number;
  /** For a free connection; then the request fails as unavailable. */
  poolWaitMs: number;
}

/** How PostgreSQL, whose SQLSTATEs do not tell enough, and the driver say that a wait was too long; and how callers are told. */
const exceeded: readonly [said: RegExp, limit: keyof DatabaseTimeouts, told: string][] = [
  [/due to statement timeout/, 'statementMs', 'A statement was not done'],
  [/due to lock timeout/, 'lockMs', 'A lock that others held was not free'],
  [
    /timeout exceeded when trying to connect|timeout expired|due to connection timeout/,
    'poolWaitMs',
    'No connection to the database was free',
  ],
];

/** What callers are told of an error for which the database cannot serve: the limit, where a wait was longer. */
export function unavailability(error: unknown, waits: DatabaseTimeouts): string {
  const { message } = factsOf(error);
  const wait = exceeded.find(([said]) => said.test(message));
  if (!wait) return 'The service is unavailable just now; try again later.';
  const [, limit, told] = wait;
  return `${told} within the limit of ${waits[limit]} ms; try again later.`;
}

/**
 * Closes a connection that is in use and has been silent for so many ms: its statement fails then. One timer of each socket
 * does that, where the driver's `query_timeout` has one for each statement (docs/performance-steps.md).
 */
export function closeSilentConnections(pool: Pool, ms: number): void {
  const inUse = new WeakSet<PoolClient>();
  pool.on('acquire', (client) => inUse.add(client));
  pool.on('release', (_error, client) => inUse.delete(client));
  pool.on('connect', (client) => {
    const socket = 'connection' in client ? streamOf(client.connection) : undefined;
    if (!(socket instanceof Socket)) throw new Error('The driver has no socket where it used to have it.');
    socket.setTimeout(ms, () => {
      if (inUse.has(client)) socket.destroy(new Error(GIVEN_UP));
    });
  });
}

function streamOf(connection: unknown): unknown {
  return typeof connection === 'object' && connection && 'stream' in connection ? connection.stream : undefined;
}
