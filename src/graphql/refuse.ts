import type { FastifyReply, FastifyRequest } from 'fastify';
import { refusalOf } from '../http/refusal.ts';

const GRAPHQL_RESPONSE = 'application/graphql-response+json';

/** A status that Yoga answered with and nothing else: 406 or 415. */
export class WordlessRefusal extends Error {
  readonly statusCode: number;

  constructor(statusCode: number) {
    super(statusCode === 406 ? 'Accept application/json or application/graphql-response+json.' : `HTTP ${statusCode}`);
    this.statusCode = statusCode;
  }
}

/** Fastify's error handler for the GraphQL door: answers in GraphQL's shape. */
export function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message, headers = {}, retryAfter, isIntended } = refusalOf(error, request);
  if (status >= 500 && !isIntended) request.log.error({ err: error }, message);
  const extensions = { code, retryAfter, requestId: status === 500 ? request.id : undefined };
  return reply
    .code(status)
    .headers(headers)
    .type(request.headers.accept?.includes(GRAPHQL_RESPONSE) ? GRAPHQL_RESPONSE : 'application/json')
    .send(JSON.stringify({ errors: [{ message, extensions }] }));
}
