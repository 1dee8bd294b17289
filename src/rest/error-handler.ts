import type { FastifyReply, FastifyRequest } from 'fastify';
import {
  ConflictError,
  DomainError,
  ForbiddenError,
  IdempotencyConflictError,
  LimitExceededError,
  NotFoundError,
  ValidationError,
  type ValidationIssue,
} from '../domain/shared/errors.ts';
import { FileTooLargeError } from '../domain/transfer/stored-files.ts';
import { MAX_PATH_PART_LENGTH, retryIn, toErrorResponse } from '../http/error-response.ts';

/** 404 for a missing user or device, which the path names; 400 for a missing list, which the body names. */
function statusOf(error: DomainError): number {
  if (error instanceof ForbiddenError) return 403;
  if (error instanceof FileTooLargeError) return 413;
  if (error instanceof LimitExceededError) return 400;
  if (error instanceof NotFoundError) return error.resource === 'List' ? 400 : 404;
  return error instanceof IdempotencyConflictError ? 422 : 409;
}

/** The name of what an issue is about. A parameter and a field can have an empty name. */
const nameOf = (path: string[]) => (path.length === 0 ? 'The body' : path.join('.') || '""');

/** A domain error as the body of a response, or as the result of one input of a bulk request. */
export const errorBody = (error: DomainError): { error: string; code: string; issues?: ValidationIssue[] } =>
  error instanceof ValidationError
    ? { error: issuesText(error), code: error.code, issues: error.issues }
    : { error: error.message, code: error.code };

const issuesText = ({ issues }: ValidationError) =>
  issues.map(({ path, message }) => `${nameOf(path)} ${message}`).join('; ');

/** Fastify's error handler for the REST API: `{ "error": "text", "code": …, "issues": … }`. */
export function handleRestError(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  if (error instanceof ValidationError) {
    return reply.code(400).send(errorBody(error));
  }
  if (error instanceof ConflictError) {
    const { headers, retryAfter } = retryIn(error.retryAfter);
    return reply.code(409).headers(headers).send({ error: error.message, code: error.code, retryAfter });
  }
  if (error instanceof DomainError) {
    return reply.code(statusOf(error)).send(errorBody(error));
  }
  const { status, code, message, headers = {}, retryAfter, isExpected, advice } = toErrorResponse(error, request);
  if (status >= 500 && !isExpected) request.log.error({ err: error }, advice ?? message);
  return reply
    .code(status)
    .headers(headers)
    .send({ error: message, code, retryAfter, requestId: status === 500 ? request.id : undefined });
}

/** Descriptions of the error responses that all operations have, by status. */
export const commonErrors: Record<number, string> = {
  400: 'Invalid request; `issues` lists every problem.',
  401: 'Missing or invalid credentials.',
  403: 'The operation or the change requires a scope that the caller does not have.',
  413: 'The body is larger than 1 MB, or that of a bulk request larger than 4 MB.',
  414: `A path segment has more than ${MAX_PATH_PART_LENGTH.toLocaleString('en-US')} characters.`,
  415: 'The body is not `application/json` in UTF-8, or it is compressed.',
  429: 'A rate limit or concurrency limit is exceeded; `Retry-After` says when to retry.',
  500: 'Unexpected error; `requestId` identifies it in the log.',
  503: 'Unavailable or overloaded; `Retry-After` says when to retry.',
};
