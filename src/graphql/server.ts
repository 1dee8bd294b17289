import { type GraphQLSchema, parse } from 'graphql';
import { createYoga, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Database } from '../db/client.ts';
import { compiledQueries } from './compiled-queries.ts';
import type { Context } from './context.ts';
import { DOCUMENT_MAXIMUM, documentTooLong, maximumDepth, TOKENS_MAXIMUM } from './limits.ts';
import { loadersByWorkspace } from './loaders.ts';
import { refuseForObjects } from './objects.ts';
import { PERSISTED_PARAMS, type PersistedOperations, persistedOperations } from './persisted-operations.ts';
import { presentResult, type Reporting } from './present-error.ts';
import { refuseForRate } from './rate.ts';
import { refuseForScopes } from './scopes.ts';
import { stackGuard } from './stack-guard.ts';
import { variablesOf } from './variables.ts';

/** What the door knows of a request before GraphQL begins. */
export interface RequestContext extends Reporting {
  /** Takes further points for the request. @throws {RateLimitedError} */
  charge(points: number): Promise<void>;
}

/** Refuses documents that are too long or too deep, before they are validated or executed. */
const limits: Plugin = {
  onParams({ params, setResult }) {
    if ((params.query?.length ?? 0) > DOCUMENT_MAXIMUM) setResult({ errors: [documentTooLong()] });
  },
  onParse({ setParseFn }) {
    setParseFn((source: string, options: object) => parse(source, { ...options, maxTokens: TOKENS_MAXIMUM }));
  },
  onValidate({ addValidationRule }) {
    addValidationRule(maximumDepth);
  },
};

/**
 * Refuses operations for whose fields the viewer lacks a scope, those that ask for too much, and those that write more
 * than the key may. All look at the whole operation before any of it is executed, like a validation rule; but they
 * depend on the variables and the viewer, while the results of validation are kept by document.
 */
const refusals: Plugin<Context & RequestContext> = {
  async onExecute({ args, setResultAndStopExecution }) {
    const variables = variablesOf(args);
    if (!variables) return;
    const { viewer, charge } = args.contextValue;
    const error =
      refuseForScopes(args, variables, viewer.scopes) ??
      refuseForObjects(args, variables) ??
      (await refuseForRate(args, charge));
    if (error) setResultAndStopExecution({ errors: [error] });
  },
};

/** Gives every error of every answer a code, and masks those that nobody expected. */
const errors: Plugin<object, RequestContext> = {
  onResultProcess({ result, setResult, serverContext }) {
    if (!Array.isArray(result) && !isAsyncIterable(result)) setResult(presentResult(result, serverContext));
  },
};

/** What answers GraphQL requests. */
export type GraphQLServer = ReturnType<typeof createGraphQLServer>;

/** What a server has beyond what it always has. */
interface More {
  persisted?: PersistedOperations | undefined;
  /** Before ours. */
  plugins?: Plugin[];
}

/** GraphQL over HTTP, as a function from a Fetch request to its response. */
export function createGraphQLServer(schema: GraphQLSchema, db: Database, { persisted, plugins = [] }: More = {}) {
  const loadersOf = loadersByWorkspace(db);
  return createYoga<RequestContext, object>({
    schema,
    context: ({ viewer }) => ({ db, loaders: loadersOf(viewer.workspaceId) }),
    plugins: [
      ...plugins,
      ...(persisted ? [persistedOperations(persisted)] : []),
      limits,
      stackGuard,
      refusals,
      compiledQueries,
      errors,
    ],
    ...(persisted ? { extraParamNames: PERSISTED_PARAMS } : {}),
    maskedErrors: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
}
