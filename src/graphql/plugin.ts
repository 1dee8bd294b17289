import { mapSchema } from '@graphql-tools/utils';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { DatabaseClient } from '../db/client.ts';
import { type Admit, requireViewer, viewerOf } from '../http/authentication.ts';
import { withDeadline } from '../http/lifecycle/deadline.ts';
import { type Charge, POINTS } from '../http/limits/rate.ts';
import { decodeUtf8 } from '../http/malformed-requests.ts';
import { checkPersistedOperations } from './execution/check-persisted.ts';
import { CompiledQueries } from './execution/compiled.ts';
import { DocumentCache } from './execution/document-cache.ts';
import { executeDirectly, type GraphQLAnswer } from './execution/direct.ts';
import { executeWithYoga } from './execution/yoga-handler.ts';
import { asksForTrace, inlineTrace } from './execution/apollo-trace.ts';
import type { GraphQLLimits } from './checks/limits.ts';
import { asksForCost } from './checks/cost-report.ts';
import { readPersistedOperations } from './execution/persisted-operations.ts';
import { refuse } from './errors.ts';
import { createGraphQLServer, type RequestContext } from './execution/yoga.ts';

const MEDIA_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

/** What the door needs. */
export interface GraphQLPluginOptions {
  /** What is served. */
  schema: GraphQLSchema;
  /** Whether the common request goes the short way. */
  executeDirectly: boolean;
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
export async function graphqlPlugin(app: FastifyInstance, door: GraphQLPluginOptions): Promise<void> {
  const { schema, db, admit, charge, limits } = door;
  const persisted = door.persistedOperations && (await readPersistedOperations(door.persistedOperations));
  const documents = new DocumentCache({ maxBytes: limits.documentCacheBytes, msPerSecond: limits.documentMs });
  const queries = new CompiledQueries(limits.compiledCacheBytes, door.compileEagerly);
  const made = { db, limits, persisted, documents, queries };
  const yoga = createGraphQLServer({ schema, ...made });
  if (persisted) checkPersistedOperations(yoga, persisted, limits.documentCharacters);
  // Tracing wraps the resolvers of its schema, so it has one of its own.
  const traced = createGraphQLServer({ schema: mapSchema(schema), ...made }, [inlineTrace()]);

  async function answerOf(request: FastifyRequest, context: RequestContext): Promise<GraphQLAnswer> {
    if (asksForTrace(request.headers)) return executeWithYoga(traced, request, context);
    const answer = door.executeDirectly && (await executeDirectly(yoga, request, context, { limits, persisted, documents }));
    return answer || executeWithYoga(yoga, request, context);
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
        waits: server.databaseTimeouts,
        charge: (points: number) => {
          request.hasWritten = true;
          return charge(viewer, reply, points);
        },
        addWork: (work: number) => request.admitted?.addWork(work),
        answerBudget: server.answerBudget(request, viewer.workspaceId),
        reportsCost: asksForCost(request.headers),
      };
      const answer = await withDeadline(reply, answerOf(request, context));
      return answer && reply.code(answer.status).headers(answer.headers).send(answer.body);
    },
  });
}
