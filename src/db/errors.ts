import { DatabaseError } from 'pg';
import { z } from 'zod';

/** A transaction that lost to a concurrent one and may be run again. */
export class TransactionConflict extends Error {
  /** Seconds after which to retry. */
  readonly retryAfter = 1;

  constructor() {
    super('The change conflicted with a concurrent one; retry later.');
  }
}

/** A write waited for a row as long as for a lock, in the process instead of the database; reported like PostgreSQL's own. */
export class LockTimeoutError extends Error {
  constructor() {
    super('canceling statement due to lock timeout');
  }
}

/** How Prisma 7.10 with adapter-pg reports what PostgreSQL or the socket said; all of it is optional. */
const driverCause = z.object({
  kind: z.string().optional(),
  originalCode: z.string().optional(),
  constraint: z.object({ index: z.string().optional() }).optional(),
});

/** SQLSTATEs of a transaction that lost to a concurrent one: a serialization failure, a deadlock. */
const CONFLICTS = new Set(['40001', '40P01']);

const prismaError = z.object({
  code: z.string().optional(),
  message: z.string(),
  meta: z.object({ driverAdapterError: z.object({ cause: driverCause }).optional() }).optional(),
});

/** What a database error says, in one shape; empty for any other value. */
export function factsOf(error: unknown) {
  if (error instanceof DatabaseError) return driverFacts(error);
  const parsed = prismaError.safeParse(error).data;
  const cause = parsed?.meta?.driverAdapterError?.cause;
  return {
    code: parsed?.code,
    message: parsed?.message ?? '',
    kind: cause?.kind ?? '',
    sqlState: cause?.originalCode ?? '',
    constraint: cause?.constraint?.index,
  };
}

/** The driver's own errors, by their SQLSTATE. */
function driverFacts({ code: sqlState = '', message, constraint }: DatabaseError) {
  const kind = CONFLICTS.has(sqlState) ? 'TransactionWriteConflict' : '';
  return { code: undefined, message, kind, sqlState, constraint };
}

/** Whether a statement failed on a named unique index or foreign key. */
export function violates(error: unknown, constraint: string): boolean {
  return factsOf(error).constraint === constraint;
}

/** Whether a transaction failed only because of a concurrent one: a deadlock, a serialization failure. */
export function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflict) return true;
  const { code, kind } = factsOf(error);
  return code === 'P2034' || kind === 'TransactionWriteConflict';
}

/** Whether a statement gave up its wait for somebody else's row of a table (`lock_timeout`). */
export function waitedTooLong(error: unknown, table: string): boolean {
  return error instanceof DatabaseError && error.code === '55P03' && (error.where ?? '').includes(`"${table}"`);
}

/** Whether a statement gave up its wait for a lock that is of no table: an advisory one, or a place in a queue for a row. */
export function waitedForNoTable(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55P03' && !error.where;
}

/** Kinds of adapter-pg: not reachable, or not migrated yet. */
const unservable = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'DatabaseDoesNotExist',
  'TableDoesNotExist',
]);

/**
 * SQLSTATEs of a database that cannot serve just now: connection lost (08), read-only since a failover (25006), not there
 * (3D000), out of resources (53), in the wrong state or locked (55), cancelled by a timeout (57014), shutting down or
 * starting up (57P), troubled by its system (58).
 */
const unavailableState = /^(08...|25006|3D000|53...|55...|57014|57P..|58...)$/;

/** Prisma's codes (not reachable, timed out, closed, no free connection, no transaction in time) and a socket's. */
const unavailableCode = new Set([
  'P1001',
  'P1002',
  'P1008',
  'P1017',
  'P2024',
  'P2028',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
]);

/** What a statement fails with that was not answered in time (`answer-timeout.ts`). */
export const GIVEN_UP = 'Query read timeout';

/**
 * What the driver says without a code that tells enough: a wait for the pool, for a new connection, for an answer; a socket
 * that closed; a connection that has since failed; an address, or a socket's file, that is not there.
 */
const unavailableMessage = new RegExp(
  `timeout exceeded when trying to connect|timeout expired|${GIVEN_UP}|Connection terminated|is not queryable|\\b(connect|getaddrinfo) E[A-Z_]+ `,
);

/** Whether a statement was not answered in time: its connection still waits for the answer, and can take no other. */
export function isGivenUp(error: unknown): boolean {
  return factsOf(error).message === GIVEN_UP;
}

/** Whether PostgreSQL itself has refused a statement, so that it is known to have done nothing. */
export function isRejectedByPostgres(error: unknown): boolean {
  return factsOf(error).sqlState !== '' && !isUnavailable(error);
}

/** Whether the database cannot serve: not reached, not in time, or not migrated. The request may be sent again later. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof LockTimeoutError) return true;
  const { code, message, kind, sqlState } = factsOf(error);
  return (
    unservable.has(kind) ||
    unavailableState.test(sqlState) ||
    (code !== undefined && unavailableCode.has(code)) ||
    unavailableMessage.test(message)
  );
}

/** The message, without the engine's trace; `localhost` refused on IPv4 and IPv6 is an AggregateError without one. */
export function inOneLine(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(inOneLine).join('; ');
  const message = error instanceof Error ? error.message : String(error);
  return message
    .replace(/\n +0: [\s\S]*/, '')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
