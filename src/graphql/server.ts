import { GraphQLError, type GraphQLSchema, getOperationAST, parse } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import type { Database } from '../db/client.ts';
import { RateLimitedError } from '../http/rate-limit.ts';
import type { Context } from './context.ts';
import { DOCUMENT_MAXIMUM, documentTooLong, maximumDepth, TOKENS_MAXIMUM } from './limits.ts';
import { createLoaders } from './loaders.ts';
import { refuseForObjects } from './objects.ts';
import { presentError, type Reporting } from './present-error.ts';
import { refuseForScopes } from './scopes.ts';
import { variablesOf } from './variables.ts';

/** What the door knows of a request before GraphQL begins. */
export interface RequestContext extends Reporting {
  /** Takes the points of a mutation. @throws {RateLimitedError} */
  chargeWrite(): Promise<void>;
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
 * Refuses operations for whose fields the viewer lacks a scope, and those that ask for too much. Both look at the whole
 * operation before any of it is executed, like a validation rule; but both depend on the variables, and the first on
 * the viewer, while the results of validation are kept by document.
 */
const refusals: Plugin<Context> = {
  onExecute({ args, setResultAndStopExecution }) {
    const variables = variablesOf(args);
    if (!variables) return;
    const error =
      refuseForScopes(args, variables, args.contextValue.viewer.scopes) ?? refuseForObjects(args, variables);
    if (error) setResultAndStopExecution({ errors: [error] });
  },
};

/** Takes a mutation's points; its request has cost one already, at the door. */
const charges: Plugin<RequestContext> = {
  async onExecute({ args, setResultAndStopExecution }) {
    if (getOperationAST(args.document, args.operationName)?.operation !== 'mutation') return;
    try {
      await args.contextValue.chargeWrite();
    } catch (error) {
      if (!(error instanceof RateLimitedError)) throw error;
      const { code, message, retryAfter } = error;
      const http = { status: 429, headers: { 'retry-after': String(retryAfter) } };
      setResultAndStopExecution({ errors: [new GraphQLError(message, { extensions: { code, http } })] });
    }
  },
};

/** Gives every error of every answer a code, and masks those that nobody expected. */
const errors: Plugin<object, RequestContext> = {
  onResultProcess({ result, setResult, serverContext }) {
    if (!('errors' in result) || !result.errors) return;
    setResult({ ...result, errors: result.errors.map((error) => presentError(error, serverContext)) });
  },
};

/** GraphQL over HTTP, as a function from a Fetch request to its response. @param more plugins, before ours. */
export function createGraphQLServer(schema: GraphQLSchema, db: Database, more: Plugin[] = []) {
  return createYoga<RequestContext, object>({
    schema,
    context: ({ viewer }) => ({ db, loaders: createLoaders(db, viewer.workspaceId) }),
    plugins: [...more, limits, refusals, charges, errors],
    maskedErrors: false,
    graphiql: false,
    landingPage: false,
    cors: false,
    multipart: false,
    logging: false,
  });
}
