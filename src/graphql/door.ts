import { mapSchema } from '@graphql-tools/utils';
import type { FastifyInstance } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticate } from '../auth/authenticate.ts';
import type { Database } from '../db/client.ts';
import { type Charge, POINTS } from '../http/rate-limit.ts';
import { BODY_MAXIMUM } from '../http/refusal.ts';
import { decodeUtf8 } from '../http/utf8.ts';
import { requireViewer, viewerOf } from '../http/viewer.ts';
import { checkPersistedOperations } from './check-persisted.ts';
import { fastLane } from './fast-lane.ts';
import { fullLane } from './full-lane.ts';
import { asksForTrace, inlineTrace } from './inline-trace.ts';
import { readPersistedOperations } from './persisted-operations.ts';
import { refuse } from './refuse.ts';
import { createGraphQLServer } from './server.ts';

const MEDIA_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** What the door needs. */
export interface GraphQLDoor {
  /** What is served. */
  schema: GraphQLSchema;
  /** Whether the common request goes the short way. */
  fastLane: boolean;
  /** The file of the operations that may be asked for by an id, and whether no others are answered. */
  persistedOperations?: { file: string; only: boolean } | undefined;
  db: Database;
  authenticate: Authenticate;
  charge: Charge;
}

/**
 * Mounts GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all.
 * @throws {PersistedOperationsError}
 */
export async function graphqlDoor(app: FastifyInstance, door: GraphQLDoor): Promise<void> {
  const { schema, db, authenticate, charge } = door;
  const persisted = door.persistedOperations && (await readPersistedOperations(door.persistedOperations));
  const yoga = createGraphQLServer(schema, db, { persisted });
  if (persisted) checkPersistedOperations(yoga, persisted);
  // Tracing wraps the resolvers of its schema, so it has one of its own.
  const traced = createGraphQLServer(mapSchema(schema), db, { persisted, plugins: [inlineTrace()] });

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer', bodyLimit: BODY_MAXIMUM }, decodeUtf8);
  app.setErrorHandler(refuse);
  requireViewer(app, authenticate);

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
        : (door.fastLane && (await fastLane(yoga, request, context, persisted))) ||
          (await fullLane(yoga, request, context));
      return reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}
