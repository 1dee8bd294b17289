import type { FastifyRequest } from 'fastify';
import type { ExecutionResult } from 'graphql';
import { isAsyncIterable, processRegularResult } from 'graphql-yoga';
import { isJsonObject } from '../../domain/shared/attributes.ts';
import { parseJson } from '../../domain/shared/json-numbers.ts';
import type { AnswerBudget } from '../../http/limits/unread-answers.ts';
import type { DocumentCache } from './document-cache.ts';
import { serializeWithin } from './answer-size.ts';
import type { GraphQLLimits } from '../checks/limits.ts';
import { type PersistedOperations, persistedIdOf } from './persisted-operations.ts';
import { presentResult } from '../errors.ts';
import type { GraphQLServer, RequestContext } from './yoga.ts';

/** An answer, before it is sent. */
export interface GraphQLAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

/** How documents are read. */
interface Reading {
  limits: GraphQLLimits;
  persisted: PersistedOperations | undefined;
  documents: DocumentCache;
}

/** What common clients accept, and what they are answered with. Anything else goes the long way. */
const ACCEPTED: Readonly<Record<string, string>> = {
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
 * Answers the common request, a POST of JSON that is to be answered with JSON, by Yoga's own pipeline, but without the
 * `Request` and `Response` around it, which would be most of its cost (docs/performance-steps.md).
 *
 * @returns nothing for any other request, and for one that is refused before it is executed: those go through Yoga's
 *   handler, and are answered there.
 */
export async function executeDirectly(
  server: GraphQLServer,
  request: FastifyRequest,
  context: RequestContext,
  { limits, persisted, documents }: Reading,
): Promise<GraphQLAnswer | undefined> {
  const mediaType = ACCEPTED[request.headers.accept ?? '*/*'];
  const params = request.method === 'POST' && mediaType !== undefined ? paramsOf(request.body, persisted) : undefined;
  if (!params || mediaType === undefined || params.query.length > limits.documentCharacters) return undefined;
  const { parse, validate, contextFactory, execute, schema } = server.getEnveloped({
    ...context,
    params,
    request: POST,
  });
  const document = attempt(() => parse(params.query));
  if (!document) return undefined;
  // The server looks into the same cache, but only after all its plugins.
  const errors = documents.errorsOf(document) ?? validate(schema, document);
  if (errors.length > 0) return undefined;
  const contextValue = await contextFactory();
  const { variables: variableValues, operationName } = params;
  const result = await execute({ schema, document, contextValue, variableValues, operationName });
  if (isAsyncIterable(result)) throw new Error('No operation is answered in parts.');
  return answerOf(server, presentResult(result, context), mediaType, context.answerBudget);
}

/** An answer without errors is written at once; Yoga knows which status and headers errors ask for. */
async function answerOf(
  server: GraphQLServer,
  result: ExecutionResult,
  mediaType: string,
  budget: AnswerBudget,
): Promise<GraphQLAnswer> {
  const data = serializeWithin(result.data, budget);
  if (typeof data === 'string' && !result.errors) {
    const extensions = result.extensions ? `,"extensions":${JSON.stringify(result.extensions)}` : '';
    const headers = { 'content-type': `${mediaType}; charset=utf-8` };
    const body = `{"data":${data}${extensions}}`;
    budget.reserve(Buffer.byteLength(body));
    return { status: 200, headers, body };
  }
  const answer = typeof data === 'string' ? result : data;
  const response = processRegularResult(answer, server.fetchAPI, mediaType);
  return { status: response.status, headers: Object.fromEntries(response.headers), body: await response.text() };
}

/** All that Yoga's pipeline asks of a request. */
const POST = { method: 'POST' };

/** Reads a body that holds what it should and nothing else. */
function paramsOf(body: unknown, persisted: PersistedOperations | undefined): Params | undefined {
  const given = typeof body === 'string' ? attempt(() => parseJson(body)) : undefined;
  const params = isJsonObject(given) && persisted ? withDocument(given, persisted) : given;
  if (!isJsonObject(params)) return undefined;
  const { query, variables, operationName, ...others } = params;
  if (typeof query !== 'string' || Object.keys(others).length > 0) return undefined;
  if (variables != null && !isJsonObject(variables)) return undefined;
  if (operationName != null && typeof operationName !== 'string') return undefined;
  return { query, ...(variables ? { variables } : {}), ...(operationName == null ? {} : { operationName }) };
}

/** Puts the document in the place of its id; nothing where the id is unknown, or a document that is not answered. */
function withDocument(params: Record<string, unknown>, { documents, only }: PersistedOperations) {
  if (params.query !== undefined) return only ? undefined : params;
  const { documentId, extensions, ...others } = params;
  const query = documents.get(persistedIdOf({ documentId, extensions }) ?? '');
  return extensions != null && !isJsonObject(extensions) ? undefined : { query, ...others };
}

/** What a function gives; nothing where it fails, since Yoga's handler will find and tell the same fault. */
function attempt<Value>(make: () => Value): Value | undefined {
  try {
    return make();
  } catch {
    return undefined;
  }
}
