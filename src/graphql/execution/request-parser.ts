import { GraphQLError } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { JsonSyntaxError, parseJson, UnsafeNumber } from '../../domain/shared/json-numbers.ts';

/**
 * Has Yoga parse requests by `parseJson`, which marks numbers that a float would change. What a malformed request is
 * answered with stays as Yoga has it.
 */
export const requestParser: Plugin = {
  onRequestParse({ request, requestParser: yogas, setRequestParser }) {
    if (yogas) setRequestParser(request.method === 'GET' ? parseUrl : parseBody);
  },
};

/** @throws {SyntaxError} when the variables or the extensions are not JSON. */
function parseUrl({ url }: Request): GraphQLParams {
  const { searchParams } = new URL(url);
  const text = (name: string) => searchParams.get(name) || undefined;
  const json = (name: string) => {
    const given = text(name);
    return given === undefined ? undefined : parseJson(given);
  };
  return withPlainNumbers({
    operationName: text('operationName'),
    query: text('query'),
    variables: json('variables'),
    extensions: json('extensions'),
  });
}

/** @throws {GraphQLError} when the body is not a JSON object or array. */
async function parseBody(request: Request): Promise<GraphQLParams> {
  const body = parseOrReject(await request.text());
  if (body === null || typeof body !== 'object' || body instanceof UnsafeNumber) {
    const given = body === null ? 'null' : body instanceof UnsafeNumber ? 'number' : typeof body;
    throw badRequest(`POST body is expected to be object but received ${given}`);
  }
  // Yoga itself tells a batch from parameters, and rejects it; its types know no batches.
  return Array.isArray(body) ? (body as GraphQLParams) : withPlainNumbers(body);
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

/** No parameter is a number. Yoga, which rejects one, would take a marker for an object. */
function withPlainNumbers(params: object): GraphQLParams {
  const entries = Object.entries(params).map(([name, value]): [string, unknown] => [
    name,
    value instanceof UnsafeNumber ? Number(value.source) : value,
  ]);
  return Object.fromEntries(entries);
}
