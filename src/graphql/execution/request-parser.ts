import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { parseJson, UnsafeNumber } from '../../domain/shared/json-numbers.ts';
import { unparsableMessage } from '../../http/malformed-requests.ts';

/**
 * Parses requests with `parseJson`, which marks numbers that a 64-bit float would change, instead of Yoga's parsers. Malformed
 * requests get the same status as from Yoga.
 */
export const requestParser: Plugin = {
  onRequestParse({ request, requestParser: yogaParser, setRequestParser }) {
    if (yogaParser) setRequestParser(request.method === 'GET' ? parseUrl : parseBody);
  },
};

/** @throws {GraphQLError} if the variables or the extensions are not JSON. */
function parseUrl({ url }: Request): GraphQLParams {
  const { searchParams } = new URL(url);
  const text = (name: string) => searchParams.get(name) || undefined;
  const json = (name: string) => {
    const parameter = text(name);
    return parameter === undefined ? undefined : parseOrReject(parameter, `The ${name} in the URL`);
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
  const body = parseOrReject(await request.text(), 'The body');
  if (body === null || typeof body !== 'object' || body instanceof UnsafeNumber) {
    const type = body === null ? 'null' : body instanceof UnsafeNumber ? 'number' : typeof body;
    throw badRequest(`The body must be a JSON object; got ${type}.`);
  }
  // Yoga rejects batches, which its types do not include.
  return Array.isArray(body) ? (body as GraphQLParams) : withoutNumberMarkers(body);
}

/** @param part of the request, such as "The body". */
function parseOrReject(text: string, part: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    throw badRequest(unparsableMessage(part, error));
  }
}

const badRequest = (message: string) =>
  new GraphQLError(message, { extensions: { http: { status: 400 }, code: 'BAD_REQUEST' } });

/** No parameter may be a number. Yoga rejects numbers, but would accept their markers as objects. */
function withoutNumberMarkers(params: object): GraphQLParams {
  const entries = Object.entries(params).map(([name, value]): [string, unknown] => [
    name,
    value instanceof UnsafeNumber ? Number(value.source) : value,
  ]);
  return Object.fromEntries(entries);
}
