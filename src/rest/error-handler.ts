import type { FastifyReply, FastifyRequest } from 'fastify';
import { ConflictError, DomainError, ForbiddenError, IdempotencyConflictError, NotFoundError, ValidationError, type ValidationIssue } from '../domain/shared/errors.ts';
import { toErrorResponse, retryIn } from '../http/error-response.ts';

/** What REST calls otherwise than the domain. */
const names: Readonly<Record<string, string>> = {
  listIds: 'lists',
  first: 'limit',
  last: 'limit',
  after: 'next_cursor',
  before: 'previous_cursor',
};

const parts = new Set(['params', 'query', 'headers', 'body']);

/** Paths begin within the part of the request: its body, its path, its query or its headers. */
function toPath([first = '', ...rest]: string[]): string[] {
  return parts.has(first) ? rest : [names[first] ?? first, ...rest];
}

/** The domain speaks of connections and their arguments. */
function toMessage(message: string): string {
  return message
    .replace(/with (first|last|after|before)$/, (_text, name: string) => `with ${names[name]}`)
    .replace('of this connection', 'of this list');
}

function issuesOf(error: ValidationError): ValidationIssue[] {
  return error.issues.map(({ path, code, message }) => ({ path: toPath(path), code, message: toMessage(message) }));
}

/** A user or device of the path that is not there is a 404; a list of the body is a faulty parameter. */
function statusOf(error: DomainError): number {
  if (error instanceof ValidationError) return 400;
  if (error instanceof ForbiddenError) return 403;
  if (error instanceof NotFoundError) return error.resource === 'List' ? 400 : 404;
  return error instanceof IdempotencyConflictError ? 422 : 409;
}

/** Fastify's error handler for the REST door: `{ "error": "text", "code": …, "issues": … }`. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ValidationError) {
    const issues = issuesOf(error);
    const text = issues.map(({ path, message }) => `${path.join('.') || 'The body'} ${message}`).join('; ');
    return reply.code(400).send({ error: text, code: error.code, issues });
  }
  if (error instanceof ConflictError) {
    const { headers, retryAfter } = retryIn(error.retryAfter);
    return reply.code(409).headers(headers).send({ error: error.message, code: error.code, retryAfter });
  }
  if (error instanceof DomainError) {
    return reply.code(statusOf(error)).send({ error: error.message, code: error.code });
  }
  const { status, code, message, headers = {}, retryAfter, isExpected } = toErrorResponse(error, request);
  if (status >= 500 && !isExpected) request.log.error({ err: error }, message);
  return reply
    .code(status)
    .headers(headers)
    .send({ error: message, code, retryAfter, requestId: status === 500 ? request.id : undefined });
}

/** Refusals that every operation has, by status. */
export const commonRefusals: Record<number, string> = {
  400: 'A parameter is at fault; `issues` names each.',
  401: 'No key, or a wrong one.',
  403: 'The operation, or this change, requires the secret (or a scope that the key lacks).',
  413: 'The body is larger than 1 MB.',
  414: 'A part of the path has more than 4,096 characters.',
  415: 'The body is not `application/json`, or it is compressed.',
  429: 'The key has spent the points of this minute; `Retry-After` says when there are new ones.',
  500: 'Unexpected; the answer holds the id under which it was logged.',
  503: 'Unavailable just now; `Retry-After` says when to come back.',
};
