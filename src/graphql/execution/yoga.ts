import type { FastifyRequest } from 'fastify';
import { execute, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { DatabaseClient } from '../../db/client.ts';
import { type CostReporting, reportCost } from '../checks/complexity.ts';
import { documentLimits, stackGuard } from '../checks/document.ts';
import { type Charging, operationChecks } from '../checks/index.ts';
import type { GraphQLLimits } from '../checks/limits.ts';
import { EmptyErrorResponse, presentResult, type Reporting } from '../errors.ts';
import { loadersByWorkspace } from '../loaders/index.ts';
import { RelatedReads } from '../loaders/related-reads.ts';
import { type CompiledQueries, compiledQueries } from './compiled.ts';
import { type DocumentCache, documentCaching } from './document-cache.ts';
import { acceptableTypes } from './media-types.ts';
import { type OperationReporting, rejectionReports, reportExecutions } from './operation-reports.ts';
import { type DocumentSources, documentSources, PERSISTED_PARAMS } from './persisted-operations.ts';
import { type ReadChoosing, replicaReads } from './replica-reads.ts';
import { requestParser } from './request-parser.ts';
import { serializeWithin } from './response-size.ts';

/** The context that the HTTP layer passes to GraphQL with each request. */
export interface RequestContext extends Reporting, Charging, CostReporting, OperationReporting, ReadChoosing {}

/** A response before it is sent. */
export interface GraphQLResponse {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** Gives every error a code, masks unexpected errors, and rejects responses that exceed the memory budget. */
const presentation: Plugin<object, RequestContext> = {
  onResultProcess({ result, setResult, serverContext }) {
    if (Array.isArray(result) || isAsyncIterable(result)) return;
    // Yoga serializes the result again.
    const { responseBudget } = serverContext;
    const data = serializeWithin(result.data, responseBudget);
    if (typeof data === 'string') responseBudget.reserve(Buffer.byteLength(data));
    setResult(typeof data === 'string' ? presentResult(result, serverContext) : data);
  },
};

/** Executes uncompiled operations with graphql-js: Yoga's executor supports incremental delivery and takes a third longer. */
const executor: Plugin = {
  onExecute({ setExecuteFn }) {
    setExecuteFn(execute);
  },
};

export type GraphQLServer = ReturnType<typeof createGraphQLServer>;

interface GraphQLServerOptions {
  schema: GraphQLSchema;
  db: DatabaseClient;
  /** Whether queries can read from replicas; default: false. */
  hasReplicas?: boolean;
  limits: GraphQLLimits;
  sources: DocumentSources;
  /** Shared by all servers of a process. */
  documents: DocumentCache;
  /** Shared by all servers of a process. */
  queries: CompiledQueries;
}

/**
 * Creates a GraphQL server: a function from a Fetch request to its response.
 * @param morePlugins run before those of the gateway.
 */
export function createGraphQLServer(options: GraphQLServerOptions, morePlugins: Plugin[] = []) {
  const { schema, db, hasReplicas, limits, sources, documents, queries } = options;
  const { persisted } = sources;
  const loadersOf = loadersByWorkspace(db.forWorkspace);
  const persistedTexts = new Set(persisted?.documents.values());
  return createYoga<RequestContext, object>({
    schema,
    context: ({ viewer }) => {
      const primary = db.forWorkspace(viewer.workspaceId);
      return {
        db: primary,
        reads: primary,
        loaders: loadersOf(viewer.workspaceId),
        related: new RelatedReads(viewer),
        now: new Date(),
      };
    },
    plugins: [
      ...morePlugins,
      requestParser,
      documentSources(sources),
      documentLimits(limits),
      reportCost(limits.complexity),
      rejectionReports,
      stackGuard,
      operationChecks(limits, persistedTexts),
      ...(hasReplicas ? [replicaReads()] : []),
      executor,
      compiledQueries({ queries, persisted: persistedTexts }),
      reportExecutions(persistedTexts),
      presentation,
      documentCaching(documents, persistedTexts),
    ],
    // Yoga's cache is limited by the number of documents, not by their size.
    parserAndValidationCache: false,
    extraParamNames: PERSISTED_PARAMS,
    maskedErrors: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
}

/** Headers of one connection (RFC 9110, 7.6.1), which the HTTP server sets. */
const CONNECTION_HEADERS = ['connection', 'transfer-encoding'];

/**
 * Answers any request with Yoga's handler.
 * @throws {EmptyErrorResponse} if the response has an error status and no body; if no media type is acceptable, before anything
 *   is executed.
 */
export async function executeWithYoga(
  server: GraphQLServer,
  request: FastifyRequest,
  context: RequestContext,
): Promise<GraphQLResponse> {
  const accept = acceptableTypes(request.headers.accept).join(', ');
  if (accept === '') throw new EmptyErrorResponse(406);
  const response = await server.fetch(toFetchRequest(request, accept), context);
  const body = await response.text();
  for (const name of CONNECTION_HEADERS) response.headers.delete(name);
  if (body === '' && !response.ok) throw new EmptyErrorResponse(response.status);
  return { status: response.status, headers: Object.fromEntries(response.headers), body };
}

/** Converts a request for Yoga. Fastify has already routed it, so its path is ignored, and has read and decoded the body. */
function toFetchRequest({ url, method, headers: fastifyHeaders, body }: FastifyRequest, accept: string): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(fastifyHeaders))
    if (value !== undefined) headers.set(name, [value].flat().join(', '));
  headers.set('accept', accept);
  const query = url.includes('?') ? url.slice(url.indexOf('?')) : '';
  const fetchUrl = `http://localhost/graphql${query}`;
  if (method !== 'POST') return new Request(fetchUrl, { method, headers });
  if (typeof body === 'string') headers.set('content-type', 'application/json; charset=utf-8');
  return new Request(fetchUrl, { method, headers, body: typeof body === 'string' ? body : '' });
}
