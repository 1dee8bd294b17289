import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Authenticate } from '../auth/authenticate.ts';
import { UnauthenticatedError, type Viewer } from '../auth/viewer.ts';
import type { Database } from '../db/client.ts';
import { BODY_MAXIMUM, refuse, WordlessRefusal } from './refusal.ts';
import { createGraphQLServer } from './server.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** Set before the body is read; undefined where nobody was let in. */
    viewer?: Viewer;
  }
}

const MEDIA_TYPE = /^application\/(graphql\+)?json(;|$)/i;

/** What the door needs. */
export interface GraphQLDoor {
  db: Database;
  authenticate: Authenticate;
}

/** Mounts GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all. */
export async function graphqlDoor(app: FastifyInstance, { db, authenticate }: GraphQLDoor): Promise<void> {
  const yoga = createGraphQLServer(db);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer', bodyLimit: BODY_MAXIMUM }, (_request, body, done) =>
    done(null, body),
  );
  app.setErrorHandler(refuse);
  app.decorateRequest('viewer');
  app.addHook('onRequest', async (request) => {
    request.viewer = await authenticate(request.headers.authorization);
  });

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    handler: async (request, reply) => {
      const { viewer, id, log } = request;
      if (!viewer) throw new UnauthenticatedError();
      const response = await yoga.fetch(toFetch(request), { viewer, requestId: id, log });
      const text = await response.text();
      if (text === '' && !response.ok) throw new WordlessRefusal(response.status);
      return reply.code(response.status).headers(Object.fromEntries(response.headers)).send(text);
    },
  });
}

/** The request as Yoga takes it; Fastify has read and bounded the body, which is empty where a POST has none. */
function toFetch({ url, method, headers, body }: FastifyRequest): Request {
  const given = Object.entries(headers).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, [value].flat().join(', ')]],
  );
  const bytes = method === 'POST' ? { body: Buffer.isBuffer(body) ? new Uint8Array(body) : '' } : {};
  return new Request(new URL(url, 'http://localhost'), { method, headers: given, ...bytes });
}
