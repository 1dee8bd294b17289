import type { FastifyError, FastifyReply, FastifyRequest } from 'fastify';
import { UnauthenticatedError } from '../auth/viewer.ts';
import { isUnavailable } from '../db/errors.ts';

/** Most bytes of a body. */
export const BODY_MAXIMUM = 1024 * 1024;

const UNAVAILABLE = 'The service is unavailable just now; try again later.';

/** What a caller is told of a request that did not get as far as GraphQL. */
interface Refusal {
  status: number;
  code: string;
  message: string;
}

/** A status that Yoga answered with and nothing else: 406 or 415. */
export class WordlessRefusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(statusCode === 406 ? 'Accept application/json or application/graphql-response+json.' : `HTTP ${statusCode}`);
    this.statusCode = statusCode;
  }
}

function refusalOf(error: FastifyError): Refusal {
  if (error instanceof UnauthenticatedError) return { status: 401, code: error.code, message: error.message };
  if (isUnavailable(error)) return { status: 503, code: 'SERVICE_UNAVAILABLE', message: UNAVAILABLE };
  const status = error.statusCode ?? 500;
  if (status === 413) {
    return { status, code: 'LIMIT_EXCEEDED', message: `The body is larger than the limit of ${BODY_MAXIMUM} bytes.` };
  }
  if (status === 415) return { status, code: 'BAD_USER_INPUT', message: 'Send the body as application/json.' };
  if (status < 500) return { status, code: 'BAD_USER_INPUT', message: error.message };
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
}

const GRAPHQL_RESPONSE = 'application/graphql-response+json';

/** Fastify's error handler for the GraphQL door: answers in GraphQL's shape. */
export function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message } = refusalOf(error);
  if (status >= 500) request.log.error({ err: error }, message);
  if (status === 401) reply.header('www-authenticate', 'Basic realm="usergraph", charset="UTF-8"');
  if (status === 503) reply.header('retry-after', '1');
  const extensions = status === 500 ? { code, requestId: request.id } : { code };
  return reply
    .code(status)
    .type(request.headers.accept?.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : 'application/json')
    .send(JSON.stringify({ errors: [{ message, extensions }] }));
}
