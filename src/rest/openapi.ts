import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { commonRefusals } from './error-handler.ts';
import type { Example, Operation } from './operation.ts';
import { operations } from './operations/index.ts';
import { userObject } from './users.ts';

const errorObject = z
  .object({
    error: z.string().meta({ description: 'What is wrong, for people.' }),
    code: z.string().meta({ description: 'What is wrong, for programs: stable.' }),
    issues: z
      .array(z.object({ path: z.array(z.string()), code: z.string(), message: z.string() }))
      .optional()
      .meta({ description: 'Every fault of the parameters, where they are at fault.' }),
    retryAfter: z
      .int()
      .min(1)
      .optional()
      .meta({ description: 'Seconds after which to retry, where the request can be retried (409, 429, 503).' }),
    requestId: z.string().optional().meta({ description: 'Of an unexpected error (500): the id in the log.' }),
  })
  .meta({ id: 'Error', description: 'Why nothing was done.' });

/** What its `meta` says of the type of a schema that only code can check is all there is to say. */
function asDocumented({ zodSchema, jsonSchema }: { zodSchema: z.core.$ZodTypes; jsonSchema: JsonSchema }): void {
  const { type, default: preset } = z.globalRegistry.get(zodSchema) ?? {};
  if (type !== undefined) delete jsonSchema.anyOf;
  if (preset !== undefined) Object.assign(jsonSchema, { default: preset });
}

type JsonSchema = z.core.JSONSchema.BaseSchema;

/** JSON Schema of what a request holds. */
function requestSchema(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    unrepresentable: 'any',
    override: asDocumented,
  });
  return rest;
}

/** JSON Schemas of what answers hold, by the name that their `meta` gives them. */
function answerSchemas(): Record<string, object> {
  const named = z.registry<{ id: string }>();
  for (const schema of new Set([errorObject, userObject, ...operations.map(({ response }) => response)])) {
    named.add(schema, { id: nameOf(schema) });
  }
  const { schemas } = z.toJSONSchema(named, { io: 'output', uri: (name) => `#/components/schemas/${name}` });
  return Object.fromEntries(Object.entries(schemas).map(([name, { $schema: _, $id: __, ...rest }]) => [name, rest]));
}

const reference = (name: string) => ({ $ref: `#/components/schemas/${name}` });

const json = (schema: object, examples?: Record<string, Example>) => ({
  content: { 'application/json': { schema, ...(examples && Object.keys(examples).length > 0 ? { examples } : {}) } },
});

/** Where the parts of a request lie. */
const PLACES = { params: 'path', query: 'query', headers: 'header' } as const;

function parametersOf({ input }: Operation): object[] {
  return (['params', 'query', 'headers'] as const).flatMap((part) => {
    const schema = input.shape[part];
    if (!(schema instanceof z.ZodObject)) return [];
    const { properties = {}, required = [] } = requestSchema(schema);
    return Object.entries(properties).map(([name, property]) => {
      const { description, ...rest } = typeof property === 'object' ? property : {};
      const isRequired = part === 'params' || required.includes(name);
      return { name, in: PLACES[part], required: isRequired, description, schema: rest };
    });
  });
}

/** Refusals that say when to come back. */
const comeBack = new Set(['429', '503']);
const RETRY_AFTER = {
  'Retry-After': { description: 'Seconds until it is worth another try.', schema: { type: 'integer' } },
};

function responsesOf({ response, responseExamples, operationChecks }: Operation): object {
  const refused = [
    ...Object.entries(commonRefusals),
    ...operationChecks.map(({ status, description }): [string, string] => [String(status), description]),
  ].sort(([one], [other]) => Number(one) - Number(other));
  return {
    200: { description: 'Done.', ...json(reference(nameOf(response)), responseExamples) },
    ...Object.fromEntries(
      refused.map(([status, description]) => [
        status,
        { description, ...(comeBack.has(status) ? { headers: RETRY_AFTER } : {}), ...json(reference('Error')) },
      ]),
    ),
  };
}

/** The name that a schema's `meta` gives it. */
function nameOf(schema: z.ZodType): string {
  return schema.meta()?.id ?? 'Unnamed';
}

function pathItemOf(operation: Operation): object {
  const { body } = operation.input.shape;
  return {
    operationId: operation.operationId,
    tags: ['Users'],
    summary: operation.summary,
    description: `${operation.description}\n\nRequires the scope \`${operation.scope}\`.`,
    parameters: parametersOf(operation),
    ...(body ? { requestBody: { required: true, ...json(requestSchema(body), operation.requestExamples) } } : {}),
    responses: responsesOf(operation),
  };
}

function pathsOf(): Record<string, object> {
  const byPath = Map.groupBy(operations, ({ path }) => path);
  return Object.fromEntries(
    [...byPath].map(([path, ofPath]) => [
      path,
      Object.fromEntries(ofPath.map((operation) => [operation.method.toLowerCase(), pathItemOf(operation)])),
    ]),
  );
}

/** The version of the package, which the document shares. */
const { version } = z
  .object({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')));

/** The OpenAPI document of the REST door, made of the schemas that check its requests. */
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
  tags: [{ name: 'Users', description: 'Your users, their devices and what they did.' }],
  paths: pathsOf(),
  components: {
    securitySchemes: {
      basic: { type: 'http', scheme: 'basic', description: 'The public key as the user, the secret as the password.' },
    },
    schemas: answerSchemas(),
  },
};
