import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { JsonSyntaxError, parseJson, UnsafeNumber } from '../../domain/shared/json-numbers.ts';

/**
 * Parses requests with `parseJson`, which marks numbers that a 64-bit float would change, instead of Yoga's parsers. Malformed
 * requests get the same responses as from Yoga.
 */
export const requestParser: Plugin = {
  onRequestParse({ request, requestParser: yogaParser, setRequestParser }) {
    if (yogaParser) setRequestParser(request.method === 'GET' ? parseUrl : parseBody);
  },
};

/** @throws {SyntaxError} if the variables or the extensions are not JSON. */
function parseUrl({ url }: Request): GraphQLParams {
  const { searchParams } = new URL(url);
  const text = (name: string) => searchParams.get(name) || undefined;
  const json = (name: string) => {
    const parameter = text(name);
    return parameter === undefined ? undefined : parseJson(parameter);
  };
  return withoutNumberMarkers({
    operationName: text('operationName'),
    query: text('query'),
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

/** @throws {GraphQLError} if the body is not a JSON object or array. */
async function parseBody(request: Request): Promise<GraphQLParams> {
  const body = parseOrReject(await request.text());
  if (body === null || typeof body !== 'object' || body instanceof UnsafeNumber) {
    const type = body === null ? 'null' : body instanceof UnsafeNumber ? 'number' : typeof body;
    throw badRequest(`POST body is expected to be object but received ${type}`);
  }
  // Yoga rejects batches, which its types do not include.
  return Array.isArray(body) ? (body as GraphQLParams) : withoutNumberMarkers(body);
}

function parseOrReject(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    const reason = error instanceof JsonSyntaxError ? error.message : 'The JSON is not valid.';
    throw badRequest(`The body cannot be read. ${reason}`, { spec: true });
  }
}

const badRequest = (message: string, http: object = {}) =>
  new GraphQLError(message, { extensions: { http: { ...http, status: 400 }, code: 'BAD_REQUEST' } });

/** No parameter may be a number. Yoga rejects numbers, but would accept their markers as objects. */
function withoutNumberMarkers(params: object): GraphQLParams {
  const entries = Object.entries(params).map(([name, value]): [string, unknown] => [
    name,
    value instanceof UnsafeNumber ? Number(value.source) : value,
  ]);
  return Object.fromEntries(entries);
}
