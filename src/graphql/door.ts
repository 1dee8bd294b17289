import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Authenticate } from '../auth/authenticate.ts';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import { isUnavailable } from '../db/errors.ts';
import { createGraphQLServer } from './server.ts';

/** Most bytes of a body. */
const BODY_MAXIMUM = 1024 * 1024;

const MEDIA_TYPE = /^application\/(graphql\+)?json(;|$)/i;

/** A POST without a body. */
class MissingBodyError extends Error {
  readonly statusCode = 400;

  constructor() {
    super('Send a JSON object with the operation as "query".');
  }
}

/** What the door needs. */
export interface GraphQLDoor {
  db: Database;
  authenticate: Authenticate;
}

/** Mounts GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all. */
export async function graphqlDoor(app: FastifyInstance, { db, authenticate }: GraphQLDoor): Promise<void> {
  const yoga = createGraphQLServer(db);
  const viewers = new WeakMap<FastifyRequest, Viewer>();

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer', bodyLimit: BODY_MAXIMUM }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler<FastifyError>((error, request, reply) => refuse(error, request, reply));
  app.addHook('onRequest', async (request) => {
    viewers.set(request, await authenticate(request.headers.authorization));
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: async (request, reply) => {
      const viewer = viewers.get(request);
      if (!viewer) throw new UnauthenticatedError();
      if (request.method === 'POST' && request.body === undefined) throw new MissingBodyError();
      const response = await yoga.fetch(toFetch(request), { viewer, requestId: request.id, log: request.log });
      reply.code(response.status).headers(Object.fromEntries(response.headers));
      return reply.send(await response.text());
    },
  });
}

/** The request as Yoga takes it; Fastify has read and bounded the body. */
function toFetch({ url, method, headers, body }: FastifyRequest): Request {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  return new Request(new URL(url, 'http://localhost'), {
    method,
    headers: given,
    ...(Buffer.isBuffer(body) ? { body: new Uint8Array(body) } : {}),
  });
}

/** Answers a request that did not get as far as GraphQL in GraphQL's shape. */
function refuse(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, code, message } = refusalOf(error);
  if (status >= 500) request.log.error({ err: error }, message);
  if (status === 401) reply.header('www-authenticate', 'Basic realm="usergraph", charset="UTF-8"');
  if (status === 503) reply.header('retry-after', '1');
  const accepts = request.headers.accept ?? '';
  return reply
    .code(status)
    .type(
      accepts.includes('application/graphql-response+json') ? 'application/graphql-response+json' : 'application/json',
    )
    .send(
      JSON.stringify({
        errors: [{ message, extensions: { code, ...(status === 500 ? { requestId: request.id } : {}) } }],
      }),
    );
}

function refusalOf(error: FastifyError): { status: number; code: string; message: string } {
  if (error instanceof UnauthenticatedError) return { status: 401, code: error.code, message: error.message };
  if (isUnavailable(error)) {
    return {
      status: 503,
      code: 'SERVICE_UNAVAILABLE',
      message: 'The service is unavailable just now; try again later.',
    };
  }
  const status = error.statusCode ?? 500;
  if (status === 413) {
    return { status, code: 'LIMIT_EXCEEDED', message: `The body is larger than the limit of ${BODY_MAXIMUM} bytes.` };
  }
  if (status === 415) return { status, code: 'BAD_USER_INPUT', message: 'Send the body as application/json.' };
  if (status < 500) return { status, code: 'BAD_USER_INPUT', message: error.message };
  return { status: 500, code: 'INTERNAL_SERVER_ERROR', message: 'Unexpected error.' };
}
