import { DatabaseError } from 'pg';
import { z } from 'zod';

/** A transaction failed because of a concurrent one and can be retried. */
export class TransactionConflict extends Error {
  /** In seconds. */
  readonly retryAfter = 1;

  constructor() {
    super('The write conflicted with a concurrent write; retry later.');
  }
}

/** A queued write timed out in this process; reported like a timeout of PostgreSQL. */
export class QueuedWriteTimeoutError extends Error {
  constructor(timeout: 'lock' | 'user queue') {
    super(`canceling statement due to ${timeout} timeout`);
  }
}

/** How Prisma 7.10 with adapter-pg reports an error of PostgreSQL or of the socket. */
const driverCause = z.object({
  kind: z.string().optional(),
  originalCode: z.string().optional(),
  constraint: z.object({ index: z.string().optional() }).optional(),
});

/** SQLSTATEs of a serialization failure and of a deadlock. */
const CONFLICTS = new Set(['40001', '40P01']);

const prismaError = z.object({
  code: z.string().optional(),
  message: z.string(),
  meta: z.object({ driverAdapterError: z.object({ cause: driverCause }).optional() }).optional(),
});

/** Returns the properties of a database error in one shape, whether Prisma or the driver reported it; empty for other values. */
export function describeDatabaseError(error: unknown) {
  if (error instanceof DatabaseError) return describeDriverError(error);
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

function describeDriverError({ code: sqlState = '', message, constraint }: DatabaseError) {
  const kind = CONFLICTS.has(sqlState) ? 'TransactionWriteConflict' : '';
  return { code: undefined, message, kind, sqlState, constraint };
}

/** Whether a statement violated the named unique index or foreign key. */
export function violates(error: unknown, constraint: string): boolean {
  return describeDatabaseError(error).constraint === constraint;
}

/** Whether a transaction failed because of a concurrent one: a deadlock or a serialization failure. */
export function isConflict(error: unknown): boolean {
  if (error instanceof TransactionConflict) return true;
  const { code, kind } = describeDatabaseError(error);
  return code === 'P2034' || kind === 'TransactionWriteConflict';
}

/** Whether a statement failed because of the locks of other transactions: it timed out (`lock_timeout`), or was in a deadlock. */
export function isLockConflict(error: unknown): boolean {
  return error instanceof DatabaseError && (error.code === '55P03' || error.code === '40P01');
}

/** Whether a statement timed out waiting for a lock on a row of the named table (`lock_timeout`). */
export function isRowLockTimeout(error: unknown, table: string): boolean {
  return error instanceof DatabaseError && error.code === '55P03' && (error.where ?? '').includes(`"${table}"`);
}

/**
 * Whether a statement timed out waiting for a lock that belongs to no table: an advisory lock, or a tuple lock in a row's
 * queue.
 */
export function isOtherLockTimeout(error: unknown): boolean {
  return error instanceof DatabaseError && error.code === '55P03' && !error.where;
}

/** Error kinds of adapter-pg for a database that is unreachable or not migrated. */
const unavailableKinds = new Set([
  'DatabaseNotReachable',
  'ConnectionClosed',
  'SocketTimeout',
  'TooManyConnections',
  'DatabaseDoesNotExist',
  'TableDoesNotExist',
]);

/**
 * SQLSTATEs of an unavailable database: connection lost (08), read-only after a failover (25006), does not exist (3D000), out
 * of resources (53), object in the wrong state or locked (55), cancelled by a timeout (57014), shutting down or starting up
 * (57P), system error (58).
 */
const unavailableState = /^(08...|25006|3D000|53...|55...|57014|57P..|58...)$/;

/** Codes of Prisma (unreachable, timed out, closed, no free connection, transaction not started in time) and of sockets. */
const unavailableCodes = new Set([
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

/**
 * The error message of a statement that got no response in time (`closeSilentConnections`); same as for the driver's
 * `query_timeout`.
 */
export const ANSWER_TIMEOUT = 'Query read timeout';

/** The error message of the pool if no connection was free in time. */
export const POOL_TIMEOUT = 'timeout exceeded when trying to connect';

/**
 * Messages of the driver that have no specific code: timeouts of the pool, of a new connection and of a response; a closed
 * socket; a connection that failed earlier; an address or a socket file that does not exist.
 */
const unavailableMessage = new RegExp(
  `${POOL_TIMEOUT}|timeout expired|${ANSWER_TIMEOUT}|Connection terminated|is not queryable|\\b(connect|getaddrinfo) E[A-Z_]+ `,
);

/**
 * Whether a statement got no response in time. Its connection still waits for the response and cannot run another
 * statement.
 */
export function isAnswerTimeout(error: unknown): boolean {
  return describeDatabaseError(error).message === ANSWER_TIMEOUT;
}

/** Whether no connection of the pool was free in time. */
export function isPoolTimeout(error: unknown): boolean {
  return describeDatabaseError(error).message.includes(POOL_TIMEOUT);
}

/**
 * Whether the server rejected a write because it has become read-only, such as a primary that was replaced. Its connection must be
 * closed: a new one can reach the primary. A connection pooler keeps its own connections to the server.
 */
export function isReadOnlyError(error: unknown): boolean {
  return describeDatabaseError(error).sqlState === '25006';
}

/** A statement of `queryOnce` took longer than its timeout. */
export class QueryTimeoutError extends Error {
  /** The timeout in ms. */
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`The query took longer than ${timeoutMs} ms.`);
    this.timeoutMs = timeoutMs;
  }
}

/** The result of statements; undefined if one took longer than its timeout. */
export function unlessTimeout<Result>(result: Promise<Result>): Promise<Result | undefined> {
  return result.catch((error: unknown) => {
    if (error instanceof QueryTimeoutError) return undefined;
    throw error;
  });
}

/** The result of statements. @throws the error that `timeoutError` returns if one took longer than its timeout. */
export function explainTimeout<Result>(
  result: Promise<Result>,
  timeoutError: (timeoutMs: number) => Error,
): Promise<Result> {
  return result.catch((error: unknown) => {
    throw error instanceof QueryTimeoutError ? timeoutError(error.timeoutMs) : error;
  });
}

/** Whether PostgreSQL cancelled a statement after `statement_timeout`. */
export function isStatementTimeout(error: unknown): boolean {
  return describeDatabaseError(error).sqlState === '57014';
}

/** Whether PostgreSQL rejected a statement: the statement had no effect, and the connection can be reused. */
export function isRejectedByPostgres(error: unknown): boolean {
  if (error instanceof QueryTimeoutError || isMissingPartition(error)) return true;
  return describeDatabaseError(error).sqlState !== '' && !isUnavailable(error);
}

/** The check constraint with which a conversion proves that all existing events belong to the first partition. */
export const CONVERSION_CHECK = 'events_before_partitions';

/** Whether `events` has no partition for a new event, or an interrupted conversion has left a check that it violates. */
function isMissingPartition(error: unknown): boolean {
  if (!(error instanceof DatabaseError) || error.code !== '23514') return false;
  return error.constraint === CONVERSION_CHECK || (error.constraint === undefined && error.table === 'events');
}

/** What an operator has to do about an unavailable database, for the log; undefined if the error says it. */
export function adviceFor(error: unknown): string | undefined {
  if (!isMissingPartition(error)) return undefined;
  if (violates(error, CONVERSION_CHECK)) {
    return 'the check of an interrupted partitioning rejects the events of this month; run npm run cli -- partitions abandon, or partitions create';
  }
  return 'events has no partition for this month; run npm run cli -- partitions create';
}

/** Whether the database is unreachable, too slow or not migrated. The client may retry the request later. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof QueuedWriteTimeoutError || isMissingPartition(error)) return true;
  const { code, message, kind, sqlState } = describeDatabaseError(error);
  return (
    unavailableKinds.has(kind) ||
    unavailableState.test(sqlState) ||
    (code !== undefined && unavailableCodes.has(code)) ||
    unavailableMessage.test(message)
  );
}

/** Returns the message in one line. An AggregateError (`localhost` failed on IPv4 and IPv6) has none of its own. */
export function inOneLine(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(inOneLine).join('; ');
  const message = error instanceof Error ? error.message : String(error);
  return message.replaceAll(/\s+/g, ' ').trim();
}

/** The message in one line without a final period, to be continued. */
export const clauseOf = (error: unknown): string => inOneLine(error).replace(/\.$/, '');
