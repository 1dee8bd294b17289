import type { FastifyRequest } from 'fastify';
import { type ExecutionResult, getOperationAST } from 'graphql';
import { isAsyncIterable, processRegularResult } from 'graphql-yoga';
import type { Viewer } from '../../auth/viewer.ts';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { parseJson } from '../../domain/shared/json-numbers.ts';
import type { ResponseBudget } from '../../http/limits/unread-responses.ts';
import type { GraphQLLimits } from '../checks/limits.ts';
import { presentResult } from '../errors.ts';
import type { DocumentCache } from './document-cache.ts';
import { type DocumentSources, findDocument } from './persisted-operations.ts';
import { serializeWithin } from './response-size.ts';
import type { GraphQLResponse, GraphQLServer, RequestContext } from './yoga.ts';

interface DirectExecutionOptions {
  limits: GraphQLLimits;
  sources: DocumentSources;
  documents: DocumentCache;
}

/** The `Accept` headers of common clients, with the media type of the response. Yoga's handler negotiates all others. */
const RESPONSE_TYPES: Readonly<Record<string, string>> = {
  '*/*': 'application/json',
  'application/json': 'application/json',
  'application/json, */*': 'application/json',
  'application/json, text/plain, */*': 'application/json',
  'application/graphql-response+json': 'application/graphql-response+json',
};

/** The parameters of a GraphQL request. */
interface Params {
  query: string;
  variables?: Record<string, unknown>;
  operationName?: string;
}

/**
 * Answers the common request, a JSON POST that accepts JSON, with Yoga's pipeline but without `Request` and `Response`
 * objects, which would take most of the time (docs/performance-steps.md).
 *
 * @returns undefined for any other request, for a subscription, and for one that is rejected before it is executed: Yoga's
 *   handler answers those.
 */
export async function executeDirectly(
  server: GraphQLServer,
  request: FastifyRequest,
  context: RequestContext,
  { limits, sources, documents }: DirectExecutionOptions,
): Promise<GraphQLResponse | undefined> {
  const mediaType = RESPONSE_TYPES[request.headers.accept ?? '*/*'];
  const params =
    request.method === 'POST' && mediaType !== undefined
      ? parseParams(request.body, sources, context.viewer)
      : undefined;
  if (!params || mediaType === undefined || params.query.length > limits.documentCharacters) return undefined;
  const { parse, validate, contextFactory, execute, schema } = server.getEnveloped({
    ...context,
    params,
    request: POST,
  });
  const document = tryOrUndefined(() => parse(params.query));
  if (!document) return undefined;
  const { variables: variableValues, operationName } = params;
  if (getOperationAST(document, operationName)?.operation === 'subscription') return undefined;
  // `validate` reads the same cache, but only after all other plugins.
  const errors = documents.errorsOf(document) ?? validate(schema, document);
  if (errors.length > 0) return undefined;
  const contextValue = await contextFactory();
  const result = await execute({ schema, document, contextValue, variableValues, operationName });
  if (isAsyncIterable(result)) throw new Error('Incremental delivery is not supported.');
  return toResponse(server, presentResult(result, context), mediaType, context.responseBudget);
}

/** Serializes a result without errors. For one with errors, Yoga determines the status and the headers, and serializes again. */
async function toResponse(
  server: GraphQLServer,
  result: ExecutionResult,
  mediaType: string,
  budget: ResponseBudget,
): Promise<GraphQLResponse> {
  const data = serializeWithin(result.data, budget);
  if (typeof data === 'string' && !result.errors) {
    const extensions = result.extensions ? `,"extensions":${JSON.stringify(result.extensions)}` : '';
    const headers = { 'content-type': `${mediaType}; charset=utf-8` };
    const body = `{"data":${data}${extensions}}`;
    budget.reserve(Buffer.byteLength(body));
    return { status: 200, headers, body };
  }
  if (typeof data === 'string') budget.reserve(Buffer.byteLength(data));
  const resultWithErrors = typeof data === 'string' ? result : data;
  const response = processRegularResult(resultWithErrors, server.fetchAPI, mediaType);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** The only property of a request that Yoga's pipeline reads. */
const POST = { method: 'POST' };

/** Parses a body. @returns undefined if it has unknown or malformed parameters, or an id without a document. */
function parseParams(body: unknown, sources: DocumentSources, viewer: Viewer): Params | undefined {
  const json = typeof body === 'string' ? tryOrUndefined(() => parseJson(body)) : undefined;
  if (!isJsonObject(json)) return undefined;
  const { query: sent, variables, operationName, extensions, documentId, ...others } = json;
  if (Object.keys(others).length > 0) return undefined;
  if (variables != null && !isJsonObject(variables)) return undefined;
  if (operationName != null && typeof operationName !== 'string') return undefined;
  if (extensions != null && !isJsonObject(extensions)) return undefined;
  const query = tryOrUndefined(() => findDocument({ query: sent, extensions, documentId }, sources, viewer));
  if (typeof query !== 'string') return undefined;
  return { query, ...(variables ? { variables } : {}), ...(operationName == null ? {} : { operationName }) };
}

/** Calls a function. @returns undefined if it throws: Yoga's handler encounters the same error and reports it. */
function tryOrUndefined<Value>(compute: () => Value): Value | undefined {
  try {
    return compute();
  } catch {
    return undefined;
  }
}
