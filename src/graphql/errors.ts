import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Viewer } from '../auth/viewer.ts';
import { isConflict, isUnavailable, LockTimeoutError, TransactionConflict } from '../db/errors.ts';
import { unavailability, type DatabaseTimeouts } from '../db/timeouts.ts';
import { ConflictError, DomainError, ValidationError } from '../domain/shared/errors.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { toErrorResponse } from '../http/error-response.ts';

/** Codes of the contract that an error may carry already; a library's other codes all blame the request. */
const contracted = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'RATE_LIMITED',
  'LIMIT_EXCEEDED',
]);

/** Codes that a domain error keeps where no result type names it; any other is a conflict. */
const kept = new Set(['NOT_FOUND', 'FORBIDDEN']);

/** What graphql-js says where it would take too many steps to find out whether fields of the same name can be one. */
const ABORTED = 'Validation aborted.';

/** Where the server writes what an operator should know; pino's loggers fit. */
export interface Log {
  error(facts: object, message: string): void;
}

/** Whom an error is presented to, and where it is reported. */
export interface Reporting {
  viewer: Viewer;
  log: Log;
  requestId: string;
  waits: DatabaseTimeouts;
}

/**
 * Turns any error of an answer into one that a caller may see: always with a code of the contract, and an
 * unexpected one masked, logged whole, and with the request's id.
 */
export function presentError(error: GraphQLError, reporting: Reporting): GraphQLError {
  const cause = causeOf(error);
  if (cause === undefined) return presentGraphQLError(error, reporting.viewer);
  if (cause instanceof ValidationError) {
    const extensions = { issues: cause.issues, http: error.extensions.http };
    return withCode(error, 'BAD_USER_INPUT', { message: cause.message, extensions });
  }
  if (cause instanceof ConflictError) {
    const { code, message, retryAfter } = cause;
    return withCode(error, code, { message, extensions: { retryAfter } });
  }
  if (cause instanceof DomainError) {
    return withCode(error, kept.has(cause.code) ? cause.code : 'CONFLICT', { message: cause.message });
  }
  if (isConflict(cause)) {
    const { message, retryAfter } = new TransactionConflict();
    return withCode(error, 'CONFLICT', { message, extensions: { retryAfter } });
  }
  // Yoga parses the variables of a URL without a net.
  if (cause instanceof SyntaxError && !error.path) {
    const message = 'The URL holds variables or extensions that are not JSON.';
    return withCode(error, 'BAD_USER_INPUT', { message, extensions: { http: { status: 400 } } });
  }
  if (isUnavailable(cause)) {
    if (!(cause instanceof LockTimeoutError)) reporting.log.error({ err: cause }, 'the database is unavailable');
    return withCode(error, 'SERVICE_UNAVAILABLE', {
      message: unavailability(cause, reporting.waits),
      extensions: { retryAfter: 1, http: { status: 503, headers: { 'retry-after': '1' } } },
    });
  }
  reporting.log.error({ err: cause, path: error.path }, 'unexpected error');
  return withCode(error, 'INTERNAL_SERVER_ERROR', {
    message: 'Unexpected error.',
    extensions: { requestId: reporting.requestId, unexpected: true },
  });
}

/** Presents every error of a result. */
export function presentResult(result: ExecutionResult, reporting: Reporting): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => presentError(error, reporting)) };
}

/** The error that is not GraphQL's own and lies at the bottom, where there is one. */
function causeOf(error: GraphQLError): unknown {
  const original: unknown = error.originalError;
  return original instanceof GraphQLError ? causeOf(original) : original;
}

/** GraphQL's own errors, and ours of that class: all of them the caller's faults. */
function presentGraphQLError(error: GraphQLError, viewer: Viewer): GraphQLError {
  if (error.message === ABORTED) {
    const message = 'The document selects too many fields of one object to be checked; ask for fewer at once.';
    return withCode(error, 'LIMIT_EXCEEDED', { message, extensions: { http: error.extensions.http } });
  }
  const message = viewer.scopes.has('schema:read') ? error.message : withoutSuggestions(error.message);
  if (!contracted.has(String(error.extensions.code))) {
    return withCode(error, 'BAD_USER_INPUT', { message, extensions: { http: refusalStatus(error) } });
  }
  if (message === error.message && message.length <= MAX_MESSAGE_LENGTH) return error;
  const { code, ...extensions } = error.extensions;
  return withCode(error, String(code), { message, extensions });
}

/** Names of the schema are for those who may introspect it. */
function withoutSuggestions(message: string): string {
  return message.replace(/ Did you mean [^?]*\?/g, '');
}

/**
 * The status of a refused request: what Yoga gave one that is no GraphQL request (`BAD_REQUEST`), whatever the media
 * type; 400 for a fault of the variables, which has no path, where the media type tells such faults by the status.
 */
function refusalStatus({ extensions, path }: GraphQLError): object | undefined {
  if (extensions.code === 'BAD_REQUEST') return { ...extensions.http, spec: undefined };
  return extensions.http ?? (path ? undefined : { spec: true, status: 400 });
}

/** Longest message in characters: it may repeat names that the caller has made up. */
const MAX_MESSAGE_LENGTH = 1_000;

function withCode(
  { nodes, source, positions, path }: GraphQLError,
  code: string,
  { message, extensions = {} }: { message: string; extensions?: Record<string, unknown> },
): GraphQLError {
  return new GraphQLError(message.slice(0, MAX_MESSAGE_LENGTH), {
    nodes,
    source,
    positions,
    path,
    extensions: { code, ...extensions },
  });
}

const GRAPHQL_RESPONSE = 'application/graphql-response+json';

/** A status that Yoga answered with and nothing else: 406 or 415. */
export class EmptyErrorResponse extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(statusCode === 406 ? 'Accept application/json or application/graphql-response+json.' : `HTTP ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/** Fastify's error handler for the GraphQL door: answers in GraphQL's shape. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, headers = {}, retryAfter, isExpected } = toErrorResponse(error, request);
  if (status >= 500 && !isExpected) request.log.error({ err: error }, message);
  const extensions = { code, retryAfter, requestId: status === 500 ? request.id : undefined };
  return reply
    .code(status)
    .headers(headers)
    .type(request.headers.accept?.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : 'application/json')
    .send(JSON.stringify({ errors: [{ message, extensions }] }));
}
