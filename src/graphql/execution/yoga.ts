import { execute, type GraphQLSchema } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { DatabaseClient } from '../../db/client.ts';
import type { AnswerBudget } from '../../http/limits/unread-answers.ts';
import { type CompiledQueries, compiledQueries } from './compiled.ts';
import { type DocumentCache, documentCaching } from './document-cache.ts';
import { serializeWithin } from './answer-size.ts';
import { documentLimits } from '../checks/document.ts';
import type { GraphQLLimits } from '../checks/limits.ts';
import { type CostReporting, reportCost } from '../checks/cost-report.ts';
import { loadersByWorkspace } from '../loaders/index.ts';
import { PERSISTED_PARAMS, type PersistedOperations, persistedOperations } from './persisted-operations.ts';
import { presentResult, type Reporting } from '../errors.ts';
import { type Charging, operationChecks } from '../checks/index.ts';
import { requestParser } from './request-parser.ts';
import { stackGuard } from './stack-guard.ts';

/** What the door knows of a request before GraphQL begins. */
export interface RequestContext extends Reporting, Charging, CostReporting {
  answerBudget: AnswerBudget;
}

/** Gives every error of every answer a code, masks unexpected ones, and rejects answers that do not fit into memory. */
const presentation: Plugin<object, RequestContext> = {
  onResultProcess({ result, setResult, serverContext }) {
    if (Array.isArray(result) || isAsyncIterable(result)) return;
    // Yoga serialises the result once more.
    const { answerBudget } = serverContext;
    const data = serializeWithin(result.data, answerBudget);
    if (typeof data === 'string') answerBudget.reserve(Buffer.byteLength(data));
    setResult(typeof data === 'string' ? presentResult(result, serverContext) : data);
  },
};

/** Has graphql-js execute what is not compiled: Yoga's own executor, which could answer in parts, takes a third longer. */
const executor: Plugin = {
  onExecute({ setExecuteFn }) {
    setExecuteFn(execute);
  },
};

/** What answers GraphQL requests. */
export type GraphQLServer = ReturnType<typeof createGraphQLServer>;

/** What a server is made of. */
interface Made {
  schema: GraphQLSchema;
  db: DatabaseClient;
  limits: GraphQLLimits;
  persisted: PersistedOperations | undefined;
  /** What all servers of a process share. */
  documents: DocumentCache;
  queries: CompiledQueries;
}

/** GraphQL over HTTP, as a function from a Fetch request to its response. @param more plugins, before ours. */
export function createGraphQLServer({ schema, db, limits, persisted, documents, queries }: Made, more: Plugin[] = []) {
  const loadersOf = loadersByWorkspace(db.forWorkspace);
  const persistedTexts = new Set(persisted?.documents.values());
  return createYoga<RequestContext, object>({
    schema,
    context: ({ viewer }) => ({ db: db.forWorkspace(viewer.workspaceId), loaders: loadersOf(viewer.workspaceId) }),
    plugins: [
      ...more,
      requestParser,
      ...(persisted ? [persistedOperations(persisted)] : []),
      documentLimits(limits),
      reportCost(limits.complexity),
      stackGuard,
      operationChecks(limits),
      executor,
      compiledQueries({ queries, persisted: persistedTexts }),
      presentation,
      documentCaching(documents, persistedTexts),
    ],
    // Yoga's own is bounded by the number of documents.
    parserAndValidationCache: false,
    ...(persisted ? { extraParamNames: PERSISTED_PARAMS } : {}),
    maskedErrors: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
}
