import { KeysUnavailableError } from '../auth/tokens.ts';
import { UnauthenticatedError } from '../auth/viewer.ts';
import { adviceFor, isConflict, isUnavailable, QueuedWriteTimeoutError, TransactionConflict } from '../db/errors.ts';
import { type DatabaseTimeouts, unavailability } from '../db/timeouts.ts';
import { DeadlineError } from './lifecycle/deadline.ts';
import { OverloadedError } from './limits/load-shedding.ts';
import { RateLimitedError } from './limits/rate.ts';
import { ResponseTooLargeError } from './limits/unread-responses.ts';
import { MalformedRequestError } from './malformed-requests.ts';

/** The response to a request that failed before it reached the domain, or with an error from outside of the domain. */
export interface ErrorResponse {
  status: number;
  /** One of the codes of docs/contract.md. */
  code: string;
  message: string;
  /** Headers that the status requires. */
  headers?: Record<string, string>;
  /** Seconds after which the request can be retried. In the body as well as in the header, so that every client can read it. */
  retryAfter?: number;
  /** True for errors that are normal under load: they are not logged as errors, regardless of their status. */
  isExpected?: boolean;
  /** What an operator has to do: logged instead of the message. */
  advice?: string | undefined;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** The database timeouts that error messages name. */
    databaseTimeouts: DatabaseTimeouts;
  }
}

const UNAVAILABLE = { status: 503, code: 'SERVICE_UNAVAILABLE', ...retryIn(1) };

/**
 * Longest path segment in characters. A segment holds a percent-encoded uid of 255 characters with up to four bytes each, or a
 * device token of 1024 characters.
 */
export const MAX_PATH_PART_LENGTH = 4096;

/** The challenge for keys (RFC 9110, 11.6.1), and the additional one if tokens are accepted. */
const BASIC_CHALLENGE = 'Basic realm="usergraph", charset="UTF-8"';
const BEARER_CHALLENGE = 'Bearer realm="usergraph"';

/** The parts of a request that its error response depends on. */
interface FailedRequest {
  headers: {
    'content-length'?: string | undefined;
    'content-type'?: string | undefined;
    'sec-fetch-dest'?: string | string[] | undefined;
    'sec-fetch-mode'?: string | string[] | undefined;
  };
  routeOptions: { bodyLimit?: number | undefined };
  server: { databaseTimeouts: DatabaseTimeouts };
}

/** Maps any error to a response. Details of unexpected errors are not exposed. */
export function toErrorResponse(error: unknown, request: FailedRequest): ErrorResponse {
  if (error instanceof UnauthenticatedError) {
    return { status: 401, code: error.code, message: error.message, headers: challengesFor(request, error) };
  }
  if (error instanceof RateLimitedError) {
    return { status: 429, code: error.code, message: error.message, ...retryIn(error.retryAfter) };
  }
  if (error instanceof OverloadedError) return { ...UNAVAILABLE, message: error.message, isExpected: true };
  if (error instanceof DeadlineError) return { ...UNAVAILABLE, message: error.message };
  if (isConflict(error)) {
    const { message, retryAfter } = new TransactionConflict();
    return { status: 409, code: 'CONFLICT', message, ...retryIn(retryAfter) };
  }
  if (error instanceof ResponseTooLargeError) {
    return { status: error.statusCode, code: error.code, message: error.message };
  }
  const status = statusOf(error);
  // An aborted upload (400) also has the code of a socket error, but it does not mean that the database is unavailable.
  if (error instanceof KeysUnavailableError || (status >= 500 && isUnavailable(error))) {
    return {
      ...UNAVAILABLE,
      message: unavailability(error, request.server.databaseTimeouts),
      isExpected: error instanceof QueuedWriteTimeoutError,
      advice: adviceFor(error),
    };
  }
  if (status >= 500 || !(error instanceof Error)) {
    return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
  }
  const code = [408, 413, 414].includes(status) ? 'LIMIT_EXCEEDED' : 'BAD_USER_INPUT';
  return { status, code, message: limitMessage(status, error, request) ?? error.message };
}

/** The challenges of a 401. A browser shows its password dialog for `Basic`, also if a script has sent the request. */
function challengesFor({ headers }: FailedRequest, { acceptsTokens }: UnauthenticatedError): Record<string, string> {
  const isOfScript =
    headers['sec-fetch-dest'] === 'empty' || ['cors', 'same-origin'].includes(String(headers['sec-fetch-mode']));
  const challenges = [...(isOfScript ? [] : [BASIC_CHALLENGE]), ...(acceptsTokens ? [BEARER_CHALLENGE] : [])];
  return challenges.length === 0 ? {} : { 'www-authenticate': challenges.join(', ') };
}

/** The message of a rejected request whose error does not name the limit or the value received. */
function limitMessage(status: number, error: Error, { headers, routeOptions }: FailedRequest): string | undefined {
  if (status === 413) {
    // A chunked body has no Content-Length.
    const received = headers['content-length'] === undefined ? '' : `; got ${headers['content-length']}`;
    return `The body must have at most ${routeOptions.bodyLimit} bytes${received}.`;
  }
  if (status === 414) return `A path segment must have at most ${MAX_PATH_PART_LENGTH} characters.`;
  if (status === 415 && !(error instanceof MalformedRequestError)) {
    const received = headers['content-type']?.slice(0, 100);
    return `Content-Type must be application/json; got ${received ? `"${received}"` : 'none'}.`;
  }
  return undefined;
}

/** The header and the body field with the time after which to retry. @param seconds whole seconds. */
export function retryIn(seconds: number): Required<Pick<ErrorResponse, 'headers' | 'retryAfter'>> {
  return { headers: { 'retry-after': String(seconds) }, retryAfter: seconds };
}

/** The `statusCode` of an error; 500 if it has none. */
function statusOf(error: unknown): number {
  const status = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof status === 'number' && status >= 400 ? status : 500;
}
