import { z } from 'zod';
import { READ_AFTER_HEADER } from '../http/read-routing.ts';
import { version } from '../version.ts';
import { commonErrors } from './error-handler.ts';
import { type FileOperation, fileOperations } from './file-operations.ts';
import { type Example, isWriting, type Operation, readsReplicas } from './operation.ts';
import { operations } from './operations/index.ts';
import { userObject } from './users.ts';

const errorObject = z
  .object({
    error: z.string().meta({ description: 'A message for humans. The text can change; use `code` in programs.' }),
    code: z.string().meta({ description: 'A stable error code, such as `VALIDATION_FAILED`.' }),
    issues: z
      .array(z.object({ path: z.array(z.string()), code: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'All problems with the request, if it is invalid.' }),
    retryAfter: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Seconds after which to retry, if the request can be retried (409, 429, 503).' }),
    requestId: z.string().optional().meta({ description: 'The request id in the log, for unexpected errors (500).' }),
  })
  .meta({ id: 'Error', description: 'An error.' });

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Where the document has its named schemas. */
const COMPONENTS = '#/components/schemas/';

/**
 * Corrects what Zod derives: the `meta` of a schema that is checked by code replaces it, and a rule can reject null.
 */
function correct({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { type, default: defaultValue } = z.globalRegistry.get(zodSchema) ?? {};
  if (type !== undefined) delete jsonSchema.anyOf;
  if (defaultValue !== undefined) Object.assign(jsonSchema, { default: defaultValue });
  const [value, nothing, ...others] = jsonSchema.anyOf ?? [];
  const isNullable = value && others.length === 0 && nothing?.type === 'null';
  if (isNullable && !z.safeParse(zodSchema, null).success) {
    delete jsonSchema.anyOf;
    Object.assign(jsonSchema, value);
  }
}

/** The JSON Schema of a part of a request, and of the named schemas that it refers to. */
function requestSchema(schema: z.ZodType): { schema: JsonSchema; named: Record<string, JsonSchema> } {
  const derived = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any', override: correct });
  const {
    $schema: _,
    $defs: named = {},
    ...rest
  }: typeof derived = JSON.parse(JSON.stringify(derived).replaceAll('"#/$defs/', `"${COMPONENTS}`));
  return { schema: rest, named };
}

/** JSON Schemas of all response bodies, by the `id` of their `meta`. */
function responseSchemas(): Record<string, object> {
  const registry = z.registry<{ id: string }>();
  const ofFiles = fileOperations.flatMap(({ response }) => ('schema' in response ? [response.schema] : []));
  const responses = [...operations.map(({ response }) => response), ...ofFiles];
  for (const schema of new Set([errorObject, userObject, ...responses])) {
    registry.add(schema, { id: nameOf(schema) });
  }
  const { schemas } = z.toJSONSchema(registry, { io: 'output', uri: (name) => `${COMPONENTS}${name}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, { $schema: _, $id: __, ...rest }]) => [name, rest]));
}

const reference = (name: string) => ({ $ref: `${COMPONENTS}${name}` });

const json = (schema: object, examples?: Record<string, Example>) => ({
  content: { 'application/json': { schema, ...(examples && Object.keys(examples).length > 0 ? { examples } : {}) } },
});

/** The value of `in` for each part of a request. */
const LOCATIONS = { params: 'path', query: 'query', headers: 'header' } as const;

function parametersOf(request: Operation['request']): object[] {
  return (['params', 'query', 'headers'] as const).flatMap((part) => {
    const schema = request[part];
    if (!schema) return [];
    const { properties = {}, required = [] } = requestSchema(schema).schema;
    return Object.entries(properties).map(([name, property]) => {
      const { description, ...rest } = typeof property === 'object' ? property : {};
      const isRequired = part === 'params' || required.includes(name);
      return { name, in: LOCATIONS[part], required: isRequired, description, schema: rest };
    });
  });
}

/** Statuses with a `Retry-After` header. */
const retryable = new Set(['429', '503']);
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds after which to retry.', schema: { type: 'integer' } },
};

const IGNORED_FIELDS = {
  'X-Ignored-Fields': {
    description:
      'The paths of the fields and attributes that were ignored, percent-encoded and separated by commas. Absent if there are none.',
    schema: { type: 'string' },
  },
};

const READ_AFTER = {
  [READ_AFTER_HEADER]: {
    description:
      'The position of the write, or `primary` if it is unknown; absent if the gateway does not read from replicas. A read that sends the same header returns what was written.',
    schema: { type: 'string' },
  },
};

const READ_AFTER_PARAMETER = {
  name: READ_AFTER_HEADER,
  in: 'header',
  required: false,
  description:
    'The value that the response to a write had: the read returns what was written, also through another key or gateway. Ignored without replicas.',
  schema: { type: 'string', pattern: '^([1-9][0-9]*-[0-9A-F]+/[0-9A-F]+|primary)$' },
};

function responsesOf(operation: Operation): object {
  const { request, response, responseExamples, errors } = operation;
  const headers = { ...(request.body && IGNORED_FIELDS), ...(isWriting(operation) && READ_AFTER) };
  return {
    200: {
      description: 'Success.',
      ...(Object.keys(headers).length > 0 ? { headers } : {}),
      ...json(reference(nameOf(response)), responseExamples),
    },
    ...errorResponsesOf(errors),
  };
}

/** The error responses of an operation: its own, and those that all operations have. */
function errorResponsesOf(errors: readonly { status: number; description: string }[]): object {
  const errorResponses = [
    ...Object.entries(commonErrors),
    ...errors.map(({ status, description }): [string, string] => [String(status), description]),
  ].sort(([one], [other]) => Number(one) - Number(other));
  return Object.fromEntries(
    errorResponses.map(([status, description]) => [
      status,
      { description, ...(retryable.has(status) ? { headers: RETRY_AFTER } : {}), ...json(reference('Error')) },
    ]),
  );
}

/** JSON Schemas that the bodies of requests refer to, by name. */
function schemasOfRequests(): Record<string, JsonSchema> {
  return Object.assign({}, ...operations.map(({ request }) => request.body && requestSchema(request.body).named));
}

/** The `id` of a schema's `meta`. */
function nameOf(schema: z.ZodType): string {
  return schema.meta()?.id ?? 'Unnamed';
}

function operationObject(operation: Operation): object {
  const { body } = operation.request;
  return {
    operationId: operation.operationId,
    tags: [operation.tag ?? 'Users'],
    summary: operation.summary,
    description: `${operation.description}\n\nRequires the scope \`${operation.scope}\`.`,
    parameters: [...parametersOf(operation.request), ...(readsReplicas(operation) ? [READ_AFTER_PARAMETER] : [])],
    ...(body
      ? { requestBody: { required: true, ...json(requestSchema(body).schema, operation.requestExamples) } }
      : {}),
    responses: responsesOf(operation),
  };
}

/** The content of a file in any of several media types. */
const fileContent = (types: readonly string[]) => ({
  content: Object.fromEntries(types.map((type) => [type, { schema: { type: 'string', format: 'binary' } }])),
});

function fileOperationObject(operation: FileOperation): object {
  const { operationId, summary, description, scopes, params, query, requestTypes, status, response } = operation;
  const names = scopes?.map((scope) => `\`${scope}\``).join(', ');
  return {
    operationId,
    tags: ['Bulk'],
    summary,
    description: names ? `${description}\n\nRequires the scopes ${names}.` : description,
    ...(scopes ? {} : { security: [] }),
    parameters: parametersOf({ ...(params ? { params } : {}), ...(query ? { query } : {}) }),
    ...(requestTypes ? { requestBody: { required: true, ...fileContent(requestTypes) } } : {}),
    responses: {
      [status]: {
        description: 'Success.',
        ...('types' in response
          ? fileContent(response.types)
          : json(reference(nameOf(response.schema)), response.examples)),
      },
      ...errorResponsesOf(operation.errors),
    },
  };
}

function pathItems(): Record<string, object> {
  const objects = [
    ...operations.map((operation) => ({ ...operation, object: operationObject(operation) })),
    ...fileOperations.map((operation) => ({ ...operation, object: fileOperationObject(operation) })),
  ];
  const byPath = Map.groupBy(objects, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map(({ method, object }) => [method.toLowerCase(), object])),
    ]),
  );
}

/** The OpenAPI document of the REST API, generated from the schemas that validate its requests. */
export const openApiDocument = {
  openapi: '3.1.0',
  info: {
    title: 'usergraph: the Users API',
    version,
    description: 'The REST operations that existing clients of the platform use. GraphQL is at `/graphql`.',
    license: { name: 'MIT', identifier: 'MIT' },
  },
  servers: [{ url: '/v1', description: 'This gateway' }],
  security: [{ basic: [] }],
  tags: [
    { name: 'Users', description: 'Your users, their devices and their events.' },
    { name: 'Segments', description: 'Groups of users computed from a filter.' },
    { name: 'Bulk', description: 'Many users and events at once: bulk writes, imports and exports.' },
  ],
  paths: pathItems(),
  components: {
    securitySchemes: {
      basic: { type: 'http', scheme: 'basic', description: 'The public key as username, the secret as password.' },
    },
    schemas: { ...responseSchemas(), ...schemasOfRequests() },
  },
};
