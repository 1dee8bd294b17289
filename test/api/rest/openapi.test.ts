import { readFileSync } from 'node:fs';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { operations } from '../../../src/rest/operations/index.ts';
import { startApp } from '../../kit/app.ts';
import { record } from '../../kit/both-apis/record.ts';
import { printedOpenApi } from '../../kit/printed-openapi.ts';

const committed = readFileSync('openapi.json', 'utf8');
const document = record(JSON.parse(committed));

/** The value at a path: `at(document, 'paths', '/users')`. */
const at = (value: unknown, ...names: string[]) => names.reduce((whole, name) => record(whole)[name], value);

/** All objects within a value, including itself. */
function objectsOf(value: unknown): Record<string, unknown>[] {
  if (Array.isArray(value)) return value.flatMap(objectsOf);
  const whole = record(value);
  return value === whole ? [whole, ...Object.values(whole).flatMap(objectsOf)] : [];
}

/** The schema and the examples of an operation's body. */
const bodyOf = (path: string, method: string) =>
  record(at(document, 'paths', path, method, 'requestBody', 'content', 'application/json'));

it('matches openapi.json (npm run generate)', () => {
  expect(printedOpenApi()).toBe(committed);
});

it('is public', async () => {
  await using app = await startApp();
  const response = await app.app.inject('/v1/openapi.json');
  expect(response.headers['content-type']).toMatch('application/json');
  expect(response.json()).toEqual(document);
});

describe('linted by Redocly', () => {
  let problems: string[] = [];

  beforeAll(async () => {
    const config = await createConfig({ extends: ['recommended-strict'] });
    const found = await lintFromString({ source: committed, absoluteRef: 'openapi.json', config });
    problems = found.map(({ severity, ruleId, message, location }) =>
      [severity, ruleId, message, location[0]?.pointer].join(': '),
    );
  });

  it('has no problems', () => {
    expect(document.openapi).toBe('3.1.0');
    expect(problems).toEqual([]);
  });
});

it('has every operation of the REST reference, in its order, the search, the removal of a token, segments, bulk writes, imports, and exports', () => {
  const methodsOf = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    Object.keys(record(item)).map((method) => `${method.toUpperCase()} ${path}`),
  );
  expect(methodsOf).toEqual([
    'POST /users',
    'GET /users',
    'GET /users/{uid}',
    'PUT /users/{uid}',
    'DELETE /users/{uid}',
    'POST /users/{uid}/events',
    'POST /users/search',
    'DELETE /users/{uid}/tokens/{token}',
    'GET /segments',
    'POST /segments',
    'GET /segments/{id}',
    'PUT /segments/{id}',
    'DELETE /segments/{id}',
    'GET /segments/{id}/users',
    'POST /events/bulk',
    'POST /users/bulk',
    'GET /imports/{id}',
    'DELETE /imports/{id}',
    'POST /exports',
    'GET /exports/{id}',
    'DELETE /exports/{id}',
    'POST /imports/users',
    'POST /imports/events',
    'POST /imports/lists',
    'GET /imports/{id}/rejected',
    'GET /exports/{id}/file',
  ]);
});

/** The examples of "Create a User", "Update User attributes" and "Add User events". */
const referenceExamples = {
  '/users': [
    'post',
    {
      id: 'u144',
      first_name: 'Akinyele',
      last_name: 'Jinadu',
      email: 'a.jinadu@somecorp.email',
      meta: { plan: 'pro', age: 34 },
      created_at: '2021-01-12T05:24:39.062+00:00',
    },
  ],
  '/users/{uid}': ['put', { meta: { plan: 'custom', coverage: 20 }, created_at: '2021-01-12T05:24:39.062+00:00' }],
  '/users/{uid}/events': [
    'post',
    {
      event: 'Add to cart',
      timestamp: '2020-05-30T09:30:10Z',
      properties: { product: 'T123', currency: 'USD', amount: 12.99 },
    },
    { event: 'Paid', value: 49.99 },
  ],
} as const;

it.each(Object.entries(referenceExamples))(
  'has the examples of the REST reference: %s',
  (path, [method, ...values]) => {
    const examples = Object.values(record(bodyOf(path, method).examples));
    expect(examples.map((example) => record(example).value)).toEqual(values);
  },
);

it.each(
  operations.flatMap(({ operationId, requestExamples, input }) =>
    Object.entries(requestExamples).map(([name, { value }]) => ({ operationId, name, value, input })),
  ),
)('has valid request examples: $operationId, $name', ({ value, input }) => {
  expect(
    input.safeParse({
      params: { uid: 'u144', id: '0190a000-0000-7000-8000-000000000000' },
      query: {},
      headers: {},
      body: value,
    }).error?.issues,
  ).toBeUndefined();
});

describe('request body schemas', () => {
  const properties = record(at(bodyOf('/users', 'post'), 'schema', 'properties'));

  it('are never empty', () => {
    const bodies = operations.map(({ path, method }) => bodyOf(path, method.toLowerCase()).schema);
    expect(
      objectsOf([bodies, at(document, 'components', 'schemas')]).filter((it) => Object.keys(it).length === 0),
    ).toEqual([]);
  });

  it('describe every field', () => {
    const bodies = operations.map(({ path, method }) => at(bodyOf(path, method.toLowerCase()), 'schema', 'properties'));
    const fields = bodies.flatMap((body) => Object.entries(record(body)));
    expect(fields.filter(([, field]) => !record(field).description).map(([name]) => name)).toEqual([]);
  });

  it('require the same fields as the REST reference', () => {
    expect(at(bodyOf('/users', 'post'), 'schema', 'required')).toEqual(['id']);
    expect(at(bodyOf('/users/{uid}', 'put'), 'schema', 'required')).toBeUndefined();
    expect(at(bodyOf('/users/{uid}/events', 'post'), 'schema', 'required')).toEqual(['event']);
    expect(at(bodyOf('/segments', 'post'), 'schema', 'required')).toEqual(['name', 'where']);
    expect(at(bodyOf('/segments/{id}', 'put'), 'schema', 'required')).toBeUndefined();
  });

  it('document the filter of a search under the names of GraphQL, without null', () => {
    const where = at(bodyOf('/users/search', 'post'), 'schema', 'properties', 'where');
    expect(where).toMatchObject({ anyOf: [{ $ref: '#/components/schemas/UserFilter' }, { type: 'null' }] });
    expect(at(document, 'components', 'schemas', 'UserFilter')).toMatchObject({
      description: expect.stringContaining('empty filter'),
      properties: {
        not: { $ref: '#/components/schemas/UserFilter' },
        or: { type: 'array', items: { $ref: '#/components/schemas/UserFilter' } },
        first_name: { $ref: '#/components/schemas/StringFilter' },
        app_last_active: { $ref: '#/components/schemas/DateTimeFilter' },
        meta: { type: 'array', items: { $ref: '#/components/schemas/AttributeFilter' } },
      },
      additionalProperties: false,
    });
    expect(at(document, 'components', 'schemas', 'StringFilter', 'properties', 'not_in')).toEqual({
      type: 'array',
      items: { type: 'string' },
    });
    const ofFilters = objectsOf(at(document, 'components', 'schemas', 'EventCondition'));
    expect(ofFilters.filter(({ type }) => type === 'null')).toEqual([]);
  });

  it('document rules that are checked by code', () => {
    expect(properties).toMatchObject({
      id: { type: 'string', pattern: '^[A-Za-z0-9]{1,255}$' },
      number: { type: ['string', 'null'] },
      meta: {
        type: ['object', 'null'],
        additionalProperties: { type: ['string', 'number', 'boolean', 'null'] },
        maxProperties: 100,
      },
      created_at: { anyOf: [{ type: ['string', 'number'], format: 'date-time' }, { type: 'null' }] },
      device_platform: { anyOf: [{ enum: ['android', 'ios'] }, { type: 'null' }] },
    });
  });
});

it('has the header of reads after writes where operations read from replicas', () => {
  const withHeader = Object.entries(record(document.paths)).flatMap(([path, item]) =>
    Object.entries(record(item)).flatMap(([method, object]) =>
      objectsOf(record(object).parameters).some(({ name }) => name === 'Usergraph-Read-After')
        ? `${method} ${path}`
        : [],
    ),
  );
  expect(withHeader).toEqual([
    'get /users',
    'get /users/{uid}',
    'post /users/search',
    'get /segments',
    'get /segments/{id}',
    'get /segments/{id}/users',
  ]);
});
