// Runs in the browser: requests to the GraphQL API, and their form as a curl command.

const JSON_HEADERS = {
  'content-type': 'application/json',
  accept: 'application/graphql-response+json, application/json',
};

/**
 * The body of a request from the texts of the editors. The operation name is left out if the document does not contain it:
 * right after a change of tabs, GraphiQL passes the name of the previous tab's operation.
 */
function bodyOf({ query, variables, operationName }) {
  const hasOperation = operationName && new RegExp(`\\b${operationName}\\b`).test(query);
  return JSON.stringify({ query, variables, ...(hasOperation ? { operationName } : {}) });
}

/** The names of headers in lower case, which is how `fetch` sends them: a name occurs once. */
const lowerCase = (headers) =>
  Object.fromEntries(Object.entries(headers ?? {}).map(([name, value]) => [name.toLowerCase(), String(value)]));

/**
 * Sends an operation. Only the given credentials are sent: with the browser's own, a 401 would open its password dialog.
 * @returns the JSON of the response, its status, its size in bytes, and the time until it was read, in ms.
 */
export async function post(operation, headers) {
  const startedAt = performance.now();
  const response = await fetch(location.pathname, {
    method: 'POST',
    credentials: 'omit',
    headers: { ...JSON_HEADERS, ...lowerCase(headers) },
    body: bodyOf(operation),
  });
  const bytes = await response.arrayBuffer();
  const ms = performance.now() - startedAt;
  const status = [response.status, response.statusText].join(' ').trim();
  return { status, isOk: response.ok, bytes: bytes.byteLength, ms, json: parseResponse(bytes, status) };
}

/** A proxy can answer with something other than JSON. */
function parseResponse(bytes, status) {
  const text = new TextDecoder().decode(bytes);
  try {
    return JSON.parse(text);
  } catch {
    return { errors: [{ message: `The response is not JSON (${status}): ${text.slice(0, 500)}` }] };
  }
}

const quote = (text) => `'${text.replaceAll("'", String.raw`'\''`)}'`;

/** A command for a POSIX shell that sends an operation. */
export function toCurl(operation, headers) {
  const sent = { 'content-type': 'application/json', ...lowerCase(headers) };
  return [
    `curl -sS ${quote(location.origin + location.pathname)}`,
    ...Object.entries(sent).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    `-d ${quote(bodyOf(operation))}`,
  ].join(' \\\n  ');
}

const FEDERATION_FIELDS = ['_entities', '_service'];
const FEDERATION_TYPES = ['_Any', '_Entity', '_Service'];

/** Removes what only a federation gateway uses from the result of an introspection query. */
export function withoutFederation(result) {
  const schema = result?.data?.__schema;
  if (!schema) return result;
  const types = schema.types
    .filter(({ name }) => !FEDERATION_TYPES.includes(name))
    .map((type) =>
      type.name === schema.queryType.name
        ? { ...type, fields: type.fields.filter(({ name }) => !FEDERATION_FIELDS.includes(name)) }
        : type,
    );
  return { ...result, data: { ...result.data, __schema: { ...schema, types } } };
}
