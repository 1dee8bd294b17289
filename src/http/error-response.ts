import { KeysUnavailableError } from '../auth/tokens.ts';
import { UnauthenticatedError } from '../auth/viewer.ts';
import { isConflict, isUnavailable, LockTimeoutError, TransactionConflict } from '../db/errors.ts';
import { unavailability, type DatabaseTimeouts } from '../db/timeouts.ts';
import { DeadlineError } from './lifecycle/deadline.ts';
import { OverloadedError } from './limits/load-shedding.ts';
import { AnswerTooLargeError } from './limits/unread-answers.ts';
import { RateLimitedError } from './limits/rate.ts';
import { CharsetError } from './malformed-requests.ts';

/** What a caller is told whose request failed before, or outside of, the domain. */
export interface Refusal {
  status: number;
  /** A code of the contract. */
  code: string;
  message: string;
  /** Headers that go with the status. */
  headers?: Record<string, string>;
  /** Seconds after which to retry, for errors that pass: in the body as well, where every client can read it. */
  retryAfter?: number;
  /** Whether this is how it should be: then it is not logged as an error, whatever the status. */
  isIntended?: boolean;
}

declare module 'fastify' {
  interface FastifyInstance {
    /** How long the database may be waited for, to tell whom it has kept for longer. */
    waits: DatabaseTimeouts;
  }
}

const UNAVAILABLE = { status: 503, code: 'SERVICE_UNAVAILABLE', ...retryIn(1) };

/** Characters of one part of a path: uids and device tokens are such, of 255 characters of four bytes, or 1024, percent-encoded. */
export const MAX_PATH_PART_LENGTH = 4096;

/** How to let oneself in (RFC 9110, 11.6.1). */
const CHALLENGE = 'Basic realm="usergraph", charset="UTF-8"';
const TOKEN_CHALLENGE = 'Bearer realm="usergraph"';

/** The request that an error refuses. */
interface Refused {
  headers: { 'content-length'?: string | undefined };
  routeOptions: { bodyLimit?: number | undefined };
  server: { waits: DatabaseTimeouts };
}

/** What any error means over HTTP; what nobody expected is masked. */
export function refusalOf(error: unknown, request: Refused): Refusal {
  if (error instanceof UnauthenticatedError) {
    const challenge = error.acceptsTokens ? `${CHALLENGE}, ${TOKEN_CHALLENGE}` : CHALLENGE;
    return { status: 401, code: error.code, message: error.message, headers: { 'www-authenticate': challenge } };
  }
  if (error instanceof RateLimitedError) {
    return { status: 429, code: error.code, message: error.message, ...retryIn(error.retryAfter) };
  }
  if (error instanceof OverloadedError) return { ...UNAVAILABLE, message: error.message, isIntended: true };
  if (isConflict(error)) {
    const { message, retryAfter } = new TransactionConflict();
    return { status: 409, code: 'CONFLICT', message, ...retryIn(retryAfter) };
  }
  if (error instanceof AnswerTooLargeError)
    return { status: error.statusCode, code: error.code, message: error.message };
  const status = statusOf(error);
  // An upload that its sender gave up (400) has a socket's code, too, but is no fault of the database.
  if (error instanceof DeadlineError) return { ...UNAVAILABLE, message: error.message };
  if (error instanceof KeysUnavailableError || (status >= 500 && isUnavailable(error)))
    return {
      ...UNAVAILABLE,
      message: unavailability(error, request.server.waits),
      isIntended: error instanceof LockTimeoutError,
    };
  if (status === 413) return { status, code: 'LIMIT_EXCEEDED', message: tooLarge(request) };
  if (status === 414)
    return {
      status,
      code: 'LIMIT_EXCEEDED',
      message: `A part of the path has more than ${MAX_PATH_PART_LENGTH} characters, which is the limit.`,
    };
  if (status === 415 && !(error instanceof CharsetError))
    return { status, code: 'BAD_USER_INPUT', message: 'Send the body as application/json, not compressed.' };
  if (status < 500 && error instanceof Error) return { status, code: 'BAD_USER_INPUT', message: error.message };
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
}

/** A body that comes in chunks does not say how large it is. */
function tooLarge({ headers, routeOptions }: Refused): string {
  const bytes = headers['content-length'] ?? `more than ${routeOptions.bodyLimit}`;
  return `The body has ${bytes} bytes; the limit is ${routeOptions.bodyLimit}.`;
}

/** What tells a client when to retry. @param seconds whole ones. */
export function retryIn(seconds: number): Required<Pick<Refusal, 'headers' | 'retryAfter'>> {
  return { headers: { 'retry-after': String(seconds) }, retryAfter: seconds };
}

/** The status that Fastify, or one of ours, has put on an error. */
function statusOf(error: unknown): number {
  const given = error instanceof Error && 'statusCode' in error ? error.statusCode : undefined;
  return typeof given === 'number' && given >= 400 ? given : 500;
}
