import { mapSchema } from '@graphql-tools/utils';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Database } from '../db/client.ts';
import { type Charge, POINTS } from '../http/rate-limit.ts';
import { BODY_MAXIMUM } from '../http/refusal.ts';
import { decodeUtf8 } from '../http/utf8.ts';
import { type Admit, requireViewer, viewerOf } from '../http/viewer.ts';
import { fastLane } from './fast-lane.ts';
import { fullLane } from './full-lane.ts';
import { asksForTrace, inlineTrace } from './inline-trace.ts';
import { refuse } from './refuse.ts';
import { createGraphQLServer } from './server.ts';

const MEDIA_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** What the door needs. */
export interface GraphQLDoor {
  /** What is served. */
  schema: GraphQLSchema;
  /** Whether the common request goes the short way. */
  fastLane: boolean;
  db: Database;
  admit: Admit;
  charge: Charge;
}

/** Mounts GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all. */
export async function graphqlDoor(app: FastifyInstance, door: GraphQLDoor): Promise<void> {
  const { schema, db, admit, charge } = door;
  const yoga = createGraphQLServer(schema, db);
  // Tracing wraps the resolvers of its schema, so it has one of its own.
  const traced = createGraphQLServer(mapSchema(schema), db, [inlineTrace()]);

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer', bodyLimit: BODY_MAXIMUM }, decodeUtf8);
  app.setErrorHandler(refuse);
  requireViewer(app, admit);

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    onRequest: (request, reply) => charge(request, reply, POINTS.request),
    handler: async (request, reply) => {
      const { id, log } = request;
      const chargeMore = (points: number) => charge(request, reply, points);
      const context = { viewer: viewerOf(request), requestId: id, log, charge: chargeMore };
      const answer = asksForTrace(request.headers)
        ? await fullLane(traced, request, context)
        : (door.fastLane && (await fastLane(yoga, request, context))) || (await fullLane(yoga, request, context));
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}
