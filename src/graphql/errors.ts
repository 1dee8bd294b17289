import type { FastifyReply, FastifyRequest } from 'fastify';
import { type ExecutionResult, GraphQLError } from 'graphql';
import type { Viewer } from '../auth/viewer.ts';
import { adviceFor, isConflict, isUnavailable, QueuedWriteTimeoutError, TransactionConflict } from '../db/errors.ts';
import { type DatabaseTimeouts, unavailability } from '../db/timeouts.ts';
import { ConflictError, DomainError, ValidationError } from '../domain/shared/errors.ts';
import { toErrorResponse } from '../http/error-response.ts';

/** Documented codes that a GraphQL error can already have. Any other code of a library means that the request is invalid. */
const DOCUMENTED_CODES = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'RATE_LIMITED',
  'LIMIT_EXCEEDED',
  'PERSISTED_QUERY_NOT_FOUND',
  'PERSISTED_QUERY_NOT_SUPPORTED',
]);

/** Codes of domain errors that are kept in `errors`. All other domain errors become conflicts. */
const DOMAIN_CODES = new Set(['NOT_FOUND', 'FORBIDDEN', 'LIMIT_EXCEEDED', 'CURSOR_EXPIRED']);

/** The message of graphql-js when it takes too many steps to compare fields with the same response key. */
const VALIDATION_ABORTED = 'Validation aborted.';

/** A logger for operators, compatible with pino. */
export interface Log {
  error(facts: object, message: string): void;
}

/** The recipient of an error, and where unexpected errors are logged. */
export interface Reporting {
  viewer: Viewer;
  log: Log;
  requestId: string;
  /** The database timeouts that error messages name. */
  databaseTimeouts: DatabaseTimeouts;
}

/** The code with which an error is presented. */
export function codeOf(error: GraphQLError): string {
  const cause = causeOf(error);
  if (cause === undefined) {
    if (error.message === VALIDATION_ABORTED) return 'LIMIT_EXCEEDED';
    const code = String(error.extensions.code);
    return DOCUMENTED_CODES.has(code) ? code : 'BAD_USER_INPUT';
  }
  if (cause instanceof ValidationError) return 'BAD_USER_INPUT';
  if (cause instanceof ConflictError) return cause.code;
  if (cause instanceof DomainError) return DOMAIN_CODES.has(cause.code) ? cause.code : 'CONFLICT';
  if (isConflict(cause)) return 'CONFLICT';
  return isUnavailable(cause) ? 'SERVICE_UNAVAILABLE' : 'INTERNAL_SERVER_ERROR';
}

/**
 * Converts any error of a result into one that the viewer may see. It always has a documented code. Unexpected errors are
 * masked: the log contains the error, and the response the id of the request.
 */
function presentError(error: GraphQLError, reporting: Reporting): GraphQLError {
  const cause = causeOf(error);
  const code = codeOf(error);
  if (cause === undefined) return presentGraphQLError(error, code, reporting.viewer);
  if (cause instanceof ValidationError) {
    const extensions = { issues: cause.issues, http: error.extensions.http };
    return withCode(error, code, { message: cause.message, extensions });
  }
  if (cause instanceof ConflictError) {
    return withCode(error, code, { message: cause.message, extensions: { retryAfter: cause.retryAfter } });
  }
  if (cause instanceof DomainError) return withCode(error, code, { message: cause.message });
  if (isConflict(cause)) {
    const { message, retryAfter } = new TransactionConflict();
    return withCode(error, code, { message, extensions: { retryAfter } });
  }
  if (isUnavailable(cause)) {
    if (!(cause instanceof QueuedWriteTimeoutError))
      reporting.log.error({ err: cause }, adviceFor(cause) ?? 'database unavailable');
    return withCode(error, code, {
      message: unavailability(cause, reporting.databaseTimeouts),
      extensions: { retryAfter: 1, http: { status: 503, headers: { 'retry-after': '1' } } },
    });
  }
  reporting.log.error({ err: cause, path: error.path }, 'unexpected error');
  return withCode(error, code, {
    message: 'Unexpected error.',
    extensions: { requestId: reporting.requestId, unexpected: true },
  });
}

/** Presents every error of a result. */
export function presentResult(result: ExecutionResult, reporting: Reporting): ExecutionResult {
  if (!result.errors) return result;
  return { ...result, errors: result.errors.map((error) => presentError(error, reporting)) };
}

/** The innermost original error; undefined if it is a GraphQL error. */
function causeOf(error: GraphQLError): unknown {
  const original: unknown = error.originalError;
  return original instanceof GraphQLError ? causeOf(original) : original;
}

/** Presents errors of graphql-js and of the checks. All of them are client errors. */
function presentGraphQLError(error: GraphQLError, code: string, viewer: Viewer): GraphQLError {
  if (error.message === VALIDATION_ABORTED) {
    const message = 'The document selects too many fields of one object to be validated; select fewer fields.';
    return withCode(error, code, { message, extensions: { http: error.extensions.http } });
  }
  const message = viewer.scopes.has('schema:read') ? error.message : withoutSuggestions(error.message);
  if (error.extensions.code !== code) {
    return withCode(error, code, { message, extensions: { http: httpStatusOf(error) } });
  }
  if (message === error.message && message.length <= MAX_MESSAGE_LENGTH) return error;
  const { code: _, ...extensions } = error.extensions;
  return withCode(error, code, { message, extensions });
}

/** Removes suggestions, which contain names of the schema, for viewers who may not introspect it. */
function withoutSuggestions(message: string): string {
  return message.replace(/ Did you mean [^?]*\?/g, '');
}

/**
 * The status of a rejected request. If it was not a GraphQL request (`BAD_REQUEST`), it is Yoga's for any media type. For invalid
 * variables, which have no path, it is 400 for the media types that express such errors as a status.
 */
function httpStatusOf({ extensions, path }: GraphQLError): object | undefined {
  if (extensions.code === 'BAD_REQUEST') return { ...extensions.http, spec: undefined };
  return extensions.http ?? (path ? undefined : { spec: true, status: 400 });
}

/** Maximum length of a message in characters: a message can contain names that the client made up. */
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

/** Yoga responded with an error status and no body: 406 or 415. */
export class EmptyErrorResponse extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(statusCode === 406 ? 'Accept application/json or application/graphql-response+json.' : `HTTP ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/** Fastify's error handler for the GraphQL API: responds in the format of GraphQL errors. */
export function sendErrorResponse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, headers = {}, retryAfter, isExpected, advice } = toErrorResponse(error, request);
  if (status >= 500 && !isExpected) request.log.error({ err: error }, advice ?? message);
  const extensions = { code, retryAfter, requestId: status === 500 ? request.id : undefined };
  return reply
    .code(status)
    .headers(headers)
    .type(request.headers.accept?.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : 'application/json')
    .send(JSON.stringify({ errors: [{ message, extensions }] }));
}
