import { mapSchema } from '@graphql-tools/utils';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { DatabaseClient } from '../db/client.ts';
import { type Admit, requireViewer, viewerOf } from '../http/admission.ts';
import { inTime } from '../http/deadline.ts';
import { type Charge, POINTS } from '../http/rate-limit.ts';
import { decodeUtf8 } from '../http/utf8.ts';
import { checkPersistedOperations } from './check-persisted.ts';
import { CompiledQueries } from './compiled-queries.ts';
import { DocumentCache } from './document-cache.ts';
import { fastLane, type LaneAnswer } from './fast-lane.ts';
import { fullLane } from './full-lane.ts';
import { asksForTrace, inlineTrace } from './inline-trace.ts';
import type { GraphQLLimits } from './limits/limits.ts';
import { asksForCost } from './limits/report-cost.ts';
import { readPersistedOperations } from './persisted-operations.ts';
import { refuse } from './refuse.ts';
import { createGraphQLServer, type RequestContext } from './server.ts';

const MEDIA_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** What the door needs. */
export interface GraphQLDoor {
  /** What is served. */
  schema: GraphQLSchema;
  /** Whether the common request goes the short way. */
  fastLane: boolean;
  /** Whether queries are compiled without pauses in between. */
  compileEagerly: boolean;
  /** The file of the operations that may be asked for by an id, and whether no others are answered. */
  persistedOperations?: { file: string; only: boolean } | undefined;
  db: DatabaseClient;
  admit: Admit;
  charge: Charge;
  limits: GraphQLLimits;
}

/**
 * Mounts GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all.
 * @throws {PersistedOperationsError}
 */
export async function graphqlDoor(app: FastifyInstance, door: GraphQLDoor): Promise<void> {
  const { schema, db, admit, charge, limits } = door;
  const persisted = door.persistedOperations && (await readPersistedOperations(door.persistedOperations));
  const documents = new DocumentCache({ maxBytes: limits.documentCacheBytes, msPerSecond: limits.documentMs });
  const queries = new CompiledQueries(limits.compiledCacheBytes, door.compileEagerly);
  const made = { db, limits, persisted, documents, queries };
  const yoga = createGraphQLServer({ schema, ...made });
  if (persisted) checkPersistedOperations(yoga, persisted, limits.documentCharacters);
  // Tracing wraps the resolvers of its schema, so it has one of its own.
  const traced = createGraphQLServer({ schema: mapSchema(schema), ...made }, [inlineTrace()]);

  async function answerOf(request: FastifyRequest, context: RequestContext): Promise<LaneAnswer> {
    if (asksForTrace(request.headers)) return fullLane(traced, request, context);
    const answer = door.fastLane && (await fastLane(yoga, request, context, { limits, persisted, documents }));
    return answer || fullLane(yoga, request, context);
  }

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer' }, decodeUtf8);
  app.setErrorHandler(refuse);
  requireViewer(app, admit);

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    config: { points: POINTS.request },
    handler: async (request, reply) => {
      const { id, log, server } = request;
      const viewer = viewerOf(request);
      const context = {
        viewer,
        requestId: id,
        log,
        waits: server.waits,
        charge: (points: number) => {
          request.hasWritten = true;
          return charge(viewer, reply, points);
        },
        addWork: (work: number) => request.admitted?.addWork(work),
        answerBudget: server.answerBudget(request, viewer.workspaceId),
        reportsCost: asksForCost(request.headers),
      };
      const answer = await inTime(reply, answerOf(request, context));
      return answer && reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}
