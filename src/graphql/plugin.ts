import { mapSchema } from '@graphql-tools/utils';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { DatabaseClient } from '../db/client.ts';
import { type Admit, requireViewer, viewerOf } from '../http/authentication.ts';
import { withDeadline } from '../http/lifecycle/deadline.ts';
import { type Charge, POINTS } from '../http/limits/rate.ts';
import { decodeUtf8 } from '../http/malformed-requests.ts';
import { chooseReads, type ReadRouting } from '../http/read-routing.ts';
import { requestsCostReport } from './checks/complexity.ts';
import type { GraphQLLimits } from './checks/limits.ts';
import { sendErrorResponse } from './errors.ts';
import { inlineTrace, requestsTrace } from './execution/apollo-trace.ts';
import { AutomaticPersistedQueries } from './execution/automatic-persisted-queries.ts';
import { CompiledQueries } from './execution/compiled.ts';
import { executeDirectly } from './execution/direct.ts';
import { DocumentCache } from './execution/document-cache.ts';
import { noFacts } from './execution/operation-reports.ts';
import {
  checkPersistedOperations,
  type PersistedOperationsFile,
  readPersistedOperations,
} from './execution/persisted-operations.ts';
import { createGraphQLServer, executeWithYoga, type GraphQLResponse, type RequestContext } from './execution/yoga.ts';

const MEDIA_TYPE = /^application\/(graphql\+)?json\s*(;|$)/i;

interface GraphQLPluginOptions {
  schema: GraphQLSchema;
  /** Whether common requests bypass Yoga's HTTP handler. */
  executeDirectly: boolean;
  /** As for `CompiledQueries`. */
  compileAfter?: number | undefined;
  persistedOperations?: PersistedOperationsFile | undefined;
  db: DatabaseClient;
  readRouting?: ReadRouting | undefined;
  admit: Admit;
  charge: Charge;
  limits: GraphQLLimits;
}

/**
 * Serves GraphQL over HTTP at `/graphql`: `GET` for queries, `POST` with a JSON body for all operations.
 * @throws {PersistedOperationsError}
 */
export async function graphqlPlugin(app: FastifyInstance, options: GraphQLPluginOptions): Promise<void> {
  const { schema, db, readRouting, admit, charge, limits } = options;
  const persisted = options.persistedOperations && (await readPersistedOperations(options.persistedOperations));
  const documents = new DocumentCache({ maxBytes: limits.documentCacheBytes, msPerSecond: limits.documentMs });
  const queries = new CompiledQueries(limits.compiledCacheBytes, options.compileAfter);
  const sources = { persisted, automatic: new AutomaticPersistedQueries(limits) };
  const serverOptions = { db, hasReplicas: readRouting !== undefined, limits, sources, documents, queries };
  const yoga = createGraphQLServer({ schema, ...serverOptions });
  if (persisted) checkPersistedOperations(yoga.getEnveloped({}), persisted, limits.documentCharacters);
  // Tracing wraps the resolvers of its schema, which is therefore a copy.
  const tracedYoga = createGraphQLServer({ schema: mapSchema(schema), ...serverOptions }, [inlineTrace()]);

  async function execute(request: FastifyRequest, context: RequestContext): Promise<GraphQLResponse> {
    if (requestsTrace(request.headers)) return executeWithYoga(tracedYoga, request, context);
    const response =
      options.executeDirectly && (await executeDirectly(yoga, request, context, { limits, sources, documents }));
    return response || executeWithYoga(yoga, request, context);
  }

  app.removeAllContentTypeParsers();
  app.addContentTypeParser(MEDIA_TYPE, { parseAs: 'buffer' }, decodeUtf8);
  app.setErrorHandler(sendErrorResponse);
  requireViewer(app, admit);

  app.route({
    method: ['GET', 'POST'],
    url: '/graphql',
    // The operation is not known yet; the checks apply the limit of other operations than bulk mutations.
    bodyLimit: Math.max(limits.bodyBytes, limits.bulkBodyBytes),
    config: { points: POINTS.request },
    handler: async (request, reply) => {
      const response = await withDeadline(reply, execute(request, contextOf(request, reply, charge, readRouting)));
      return response && reply.code(response.status).headers(response.headers).send(response.body);
    },
  });
}

function contextOf(
  request: FastifyRequest,
  reply: FastifyReply,
  charge: Charge,
  readRouting: ReadRouting | undefined,
): RequestContext {
  const { id, log, server } = request;
  const viewer = viewerOf(request);
  return {
    viewer,
    requestId: id,
    log,
    databaseTimeouts: server.databaseTimeouts,
    chooseReads: readRouting && (() => chooseReads(readRouting, request)),
    charge: (points) => {
      request.hasWritten = true;
      return charge(viewer, reply, points);
    },
    addWork: (work) => request.admitted?.addWork(work),
    responseBudget: server.responseBudget(request, viewer.workspaceId),
    reportsCost: requestsCostReport(request.headers),
    operation: noFacts(),
    bodyBytes: Number(
      request.headers['content-length'] ?? (typeof request.body === 'string' ? Buffer.byteLength(request.body) : 0),
    ),
  };
}
