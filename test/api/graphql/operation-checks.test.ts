import fastify from 'fastify';
import { buildSchema, type GraphQLFieldExtensions, isObjectType } from 'graphql';
import { pino } from 'pino';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Viewer } from '../../../src/auth/viewer.ts';
import { defaultLimits } from '../../../src/config/limits.ts';
import { nameOfKey } from '../../../src/domain/shared/actor.ts';
import { NotFoundError } from '../../../src/domain/shared/errors.ts';
import type { Scope } from '../../../src/domain/shared/scopes.ts';
import { AutomaticPersistedQueries } from '../../../src/graphql/execution/automatic-persisted-queries.ts';
import { CompiledQueries } from '../../../src/graphql/execution/compiled.ts';
import { executeDirectly } from '../../../src/graphql/execution/direct.ts';
import { DocumentCache } from '../../../src/graphql/execution/document-cache.ts';
import { noFacts } from '../../../src/graphql/execution/operation-reports.ts';
import { createGraphQLServer, executeWithYoga } from '../../../src/graphql/execution/yoga.ts';
import { WORK_PER_WRITE } from '../../../src/http/limits/load-shedding.ts';
import { RateLimitedError } from '../../../src/http/limits/rate.ts';
import { createDatabase } from '../../kit/database.ts';

// The product has no subscriptions. In this schema, every operation type has the same root field.
const items = 'items(first: Int, names: [String!], ids: [ID!]): Items';
const schema = buildSchema(`
  scalar _Any
  type Items { names: [String!]! secret: String }
  type Query { ${items} }
  type Mutation { ${items} }
  type Subscription { ${items} }
`);

const extensions: Record<string, GraphQLFieldExtensions<unknown, unknown>> = {
  items: { requiresScopes: ['users:read'], cost: 1 },
  secret: { requiresScopes: ['events:read'] },
};

/** Resolves the root field, of an event as well. */
const resolve = vi.fn(() => ({ names: ['a'], secret: 'b' }));

for (const type of Object.values(schema.getTypeMap()).filter(isObjectType))
  for (const field of Object.values(type.getFields())) {
    Object.assign(field.extensions, extensions[field.name]);
    if (field.name !== 'items') continue;
    field.resolve = resolve;
    if (type.name === 'Subscription')
      field.subscribe = async function* subscribe() {
        yield {};
      };
  }

const database = await createDatabase();
const charge = vi.fn<(points: number) => Promise<void>>();
const addWork = vi.fn();
const reserve = vi.fn<(bytes: number) => void>();
let granted: Scope[];

/** Serves the schema with one of the executors. */
function serve(executor: 'direct' | 'yoga') {
  const limits = { ...defaultLimits, complexity: 50, inputItems: 3, documentMs: 0 };
  const documents = new DocumentCache({ maxBytes: limits.documentCacheBytes, msPerSecond: 0 });
  const queries = new CompiledQueries(limits.compiledCacheBytes, 5);
  const sources = { persisted: undefined, automatic: new AutomaticPersistedQueries(limits) };
  const server = createGraphQLServer({ schema, db: database.db, limits, sources, documents, queries });
  const app = fastify();
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.post('/graphql', async (request, reply) => {
    const keyId = '01900000-0000-7000-8000-000000000009';
    const viewer: Viewer = {
      workspaceId: keyId,
      workspace: 'Workspace',
      keyId,
      actorName: nameOfKey(keyId),
      credential: 'secret',
      rateLimit: null,
      scopes: new Set(granted),
    };
    const context = {
      viewer,
      requestId: 'x',
      log: pino({ level: 'silent' }),
      databaseTimeouts: limits,
      charge,
      addWork,
      reportsCost: false,
      bodyBytes: 0,
      operation: noFacts(),
      responseBudget: { availableBytes: () => 1e6, reserve, rejection: () => new RateLimitedError('Full', 1) },
    };
    const answer =
      (executor === 'direct' && (await executeDirectly(server, request, context, { limits, sources, documents }))) ||
      (await executeWithYoga(server, request, context));
    return reply.code(answer.status).headers(answer.headers).send(answer.body);
  });

  async function send(query: string, variables: object = {}, accept = 'application/json') {
    const headers = { 'content-type': 'application/json', accept };
    const payload = JSON.stringify({ query, variables });
    return (await app.inject({ method: 'POST', url: '/graphql', headers, payload })).body;
  }
  return { app, queries, send };
}

const servers = { direct: serve('direct'), yoga: serve('yoga') };
afterAll(async () => {
  await Promise.all(Object.values(servers).map(({ app }) => app.close()));
  await database[Symbol.asyncDispose]();
});

beforeEach(() => {
  granted = ['users:read'];
  resolve.mockClear();
  charge.mockReset().mockResolvedValue();
  addWork.mockReset();
  reserve.mockReset();
});

const executors = ['direct', 'yoga'] as const;
const operationTypes = ['query', 'mutation', 'subscription'] as const;
const combinations = executors.flatMap((executor) => operationTypes.map((type) => ({ executor, type })));

/** Requests that a check rejects: the fields of the operation, the variables, and the error. */
const rejected: [name: string, head: string, body: string, variables: object, error: object][] = [
  [
    'a missing scope',
    '',
    'items { secret }',
    {},
    {
      extensions: {
        code: 'FORBIDDEN',
        requiredScopes: ['events:read'],
        missing: [{ path: ['items', 'secret'], scope: 'events:read' }],
      },
    },
  ],
  [
    'a missing scope of a field that a variable includes',
    '($yes: Boolean!)',
    'items { names secret @include(if: $yes) }',
    { yes: true },
    { extensions: { code: 'FORBIDDEN', requiredScopes: ['events:read'] } },
  ],
  [
    'a long list in a literal',
    '',
    'items(names: ["a", "b", "c", "d"]) { names }',
    {},
    { message: 'names: must have at most 3 items; got 4', extensions: { code: 'BAD_USER_INPUT' } },
  ],
  [
    'a long list in a variable',
    '($names: [String!])',
    'items(names: $names) { names }',
    { names: ['a', 'b', 'c', 'd'] },
    { message: 'names: must have at most 3 items; got 4', extensions: { code: 'BAD_USER_INPUT' } },
  ],
  [
    'an invalid variable',
    '($first: Int)',
    'items(first: $first) { names }',
    { first: 'x' },
    { message: expect.stringMatching(/^Variable "\$first" got invalid value/), extensions: { code: 'BAD_USER_INPUT' } },
  ],
  [
    'a complexity above the limit',
    '($first: Int)',
    'items(first: $first) { names }',
    { first: 90 },
    {
      message: 'The operation has a complexity of 91; the limit is 50. Request smaller pages.',
      extensions: { code: 'LIMIT_EXCEEDED' },
    },
  ],
];

describe.each(combinations)('A $type, executed by $executor,', ({ executor, type }) => {
  const { send } = servers[executor];
  const accept = type === 'subscription' ? 'text/event-stream' : 'application/json';
  const valid = `${type} ($first: Int) { items(first: $first) { names } }`;

  it('is executed if it passes all checks', async () => {
    const body = await send(valid, { first: 29 }, accept);
    expect(body).toContain('{"data":{"items":{"names":["a"]}}}');
    expect(body).not.toContain('errors');
    expect(resolve).toHaveBeenCalledTimes(1);
    expect(addWork).toHaveBeenCalledWith(type === 'mutation' ? 1 + WORK_PER_WRITE : 1);
  });

  it('requires no scope of a field that a variable excludes', async () => {
    const body = await send(
      `${type} ($no: Boolean!) { items { names secret @include(if: $no) } }`,
      { no: false },
      accept,
    );
    expect(body).not.toMatch(/errors|secret/);
    expect(resolve).toHaveBeenCalledTimes(1);
  });

  it.each(rejected)('is rejected for %s', async (_name, head, selection, variables, error) => {
    const body = await send(`${type} ${head} { ${selection} }`, variables, accept);
    expect(JSON.parse(body.match(/\{.*\}/)?.[0] ?? '')).toMatchObject({ errors: [error] });
    expect(body).not.toContain('"data"');
    expect(resolve).not.toHaveBeenCalled();
    expect(charge).not.toHaveBeenCalled();
  });
});

describe.each(executors)('The executor %s', (executor) => {
  const { send, queries } = servers[executor];

  it('rejects a mutation if too few points are left', async () => {
    charge.mockRejectedValue(new RateLimitedError('The limit is exceeded', 7));
    const body = await send('mutation { items { names } }');
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfter: 7 } }] });
    expect(charge).toHaveBeenCalledWith(1);
    expect(resolve).not.toHaveBeenCalled();
  });

  it('reserves the bytes of the data before it is sent, also of a result with errors', async () => {
    const data = { items: { names: ['a'] } };
    await send('{ items { names } }');
    const secret = () => {
      throw new NotFoundError('User');
    };
    resolve.mockReturnValueOnce({ names: ['a'], secret: secret as never });
    granted = ['users:read', 'events:read'];
    await send('{ items { names secret } }');
    const { length } = JSON.stringify(data);
    expect(reserve.mock.calls).toEqual([[expect.any(Number)], [expect.any(Number)]]);
    expect(Math.min(...reserve.mock.calls.flat())).toBeGreaterThanOrEqual(length);
  });

  it('checks a compiled query', async () => {
    const query = 'query Compiled($first: Int) { items(first: $first) { names } }';
    const compiled = queries.cache.size;
    for (let time = 0; time < 7; time += 1) await send(query, { first: 1 });
    expect(queries.cache.size).toBe(compiled + 1);
    resolve.mockClear();
    expect(await send(query, { first: 90 })).toContain('LIMIT_EXCEEDED');
    expect(await send(query, { first: 'x' })).toContain('BAD_USER_INPUT');
    granted = [];
    expect(await send(query, { first: 1 })).toContain('FORBIDDEN');
    expect(resolve).not.toHaveBeenCalled();
  });
});
