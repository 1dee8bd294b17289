import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { expectRejection, post } from '../../kit/http.ts';

const query = (text: string, variables?: unknown) => JSON.stringify({ query: text, variables });

/** One byte per character: not UTF-8 for characters above U+007F. */
const latin1 = (text: string) => Buffer.from(text, 'latin1');

const create = `mutation ($input: CreateUserInput!) {
  createUser(input: $input) { __typename ... on Error { code } ... on ValidationError { issues { path code } } }
}`;

describe('invalid requests', () => {
  let app: Awaited<ReturnType<typeof startApp>>;
  beforeAll(async () => {
    app = await startApp();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('rejects a subscription without executing it', async () => {
    const headers = { accept: 'application/graphql-response+json' };
    const response = await post(app, query('subscription { viewer { keyId } }'), { headers });
    expect([response.statusCode, response.json()]).toEqual([
      400,
      {
        errors: [
          expect.objectContaining({
            message: 'The schema does not support subscription operations.',
            extensions: { code: 'BAD_USER_INPUT' },
          }),
        ],
      },
    ]);
  });

  it.each<[string, string | Buffer, string, Record<string, string>?]>([
    ['broken JSON', '{"query": "{ viewer', 'BAD_USER_INPUT'],
    ['an empty body', '', 'BAD_USER_INPUT'],
    ['JSON that is not an object', '"{ viewer { keyId } }"', 'BAD_USER_INPUT'],
    ['null', 'null', 'BAD_USER_INPUT'],
    ['a batch', `[${query('{ viewer { keyId } }')}]`, 'BAD_USER_INPUT'],
    ['no query', '{}', 'BAD_USER_INPUT'],
    ['a query that is not a string', '{"query": 1}', 'BAD_USER_INPUT'],
    ['variables that are not an object', '{"query": "{ viewer { keyId } }", "variables": "x"}', 'BAD_USER_INPUT'],
    ['an unknown operation name', '{"query": "query A { viewer { keyId } }", "operationName": "B"}', 'BAD_USER_INPUT'],
    ['bytes that are not UTF-8', latin1('{"query": "{ user(uid: \\"\xff\xfe\\") { uid } }"}'), 'BAD_USER_INPUT'],
    ['an unpaired surrogate', '{"query": "\\ud800"}', 'GRAPHQL_PARSE_FAILED'],
    ['a syntax error', query('{ viewer'), 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', query('{ nobody }'), 'GRAPHQL_VALIDATION_FAILED'],
    ['an unknown field of an input', query(create, { input: { uid: 'a', nobody: 1 } }), 'BAD_USER_INPUT'],
    ['a wrong type', query(create, { input: { uid: 7 } }), 'BAD_USER_INPUT'],
    ['a subscription', query('subscription { viewer { keyId } }'), 'BAD_USER_INPUT'],
    ['a missing field', query(create, { input: {} }), 'BAD_USER_INPUT'],
    ['a missing variable', query(create), 'BAD_USER_INPUT'],
    ['the year 12345', query(create, { input: { uid: 'a', createdAt: '12345-01-01T00:00:00Z' } }), 'BAD_USER_INPUT'],
    [
      'a date that does not exist',
      query(create, { input: { uid: 'a', createdAt: '2021-02-30T00:00:00Z' } }),
      'BAD_USER_INPUT',
    ],
    ['nested attributes', query(create, { input: { uid: 'a', meta: { a: { b: 1 } } } }), 'BAD_USER_INPUT'],
    ['an attribute without a value', query(create, { input: { uid: 'a', meta: { a: null } } }), 'BAD_USER_INPUT'],
    ['an infinite number', '{"query": "{ users(first: 1e999) { totalCount } }"}', 'GRAPHQL_VALIDATION_FAILED'],
    ['U+0000 in an argument', query('{ user(uid: "a\\u0000b") { uid } }'), 'BAD_USER_INPUT'],
    [
      'a forged id',
      query('{ _entities(representations: [{ __typename: "User", id: "VXNlcjoxJyBPUiAxPTE=" }]) { __typename } }'),
      'BAD_USER_INPUT',
    ],
    ['a page size below one', query('{ users(first: -1) { totalCount } }'), 'BAD_USER_INPUT'],
    ['a form', 'query=%7B__typename%7D', 'BAD_USER_INPUT', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['a request for a plain-text response', query('{ viewer { keyId } }'), 'BAD_USER_INPUT', { accept: 'text/plain' }],
    ['plain text', '{ __typename }', 'BAD_USER_INPUT', { 'content-type': 'text/plain' }],
    ['a multipart form', '--x--', 'BAD_USER_INPUT', { 'content-type': 'multipart/form-data; boundary=x' }],
    ['a compressed body', 'x', 'BAD_USER_INPUT', { 'content-encoding': 'gzip' }],
    [
      'a deep document',
      query(`{ user(uid: "a") ${'{ events { nodes { user '.repeat(5)}{ uid }${' } } }'.repeat(5)} }`),
      'LIMIT_EXCEEDED',
    ],
    ['a document 10,000 deep', query(`${'{ a '.repeat(10_000)}${'}'.repeat(10_000)}`), 'LIMIT_EXCEEDED'],
    ['a wide document', query(`{ ${'viewer { keyId } '.repeat(5_000)} }`), 'LIMIT_EXCEEDED'],
  ])('rejects %s', async (_what, payload, code, headers = {}) => {
    expectRejection(await post(app, payload, { headers }), code);
  });

  it('rejects an infinite attribute and names it', async () => {
    const variables = '{ "input": { "uid": "a", "meta": { "fine": 1, "endless": 1e999 } } }';
    const response = await post(app, `{ "query": ${JSON.stringify(create)}, "variables": ${variables} }`);
    expect(response.json()).toMatchObject({
      data: { createUser: { issues: [{ path: ['meta', 'endless'], code: 'UNSAFE_NUMBER' }] } },
    });
  });

  it('rejects a body of 20 MB', async () => {
    const response = await post(app, Buffer.alloc(20 * 1024 * 1024, 32));
    expect(response.statusCode).toBe(413);
    expectRejection(response, 'LIMIT_EXCEEDED');
  });

  it('rejects a POST without a body and a media type', async () => {
    const headers = { authorization: app.owner };
    expectRejection(await app.app.inject({ method: 'POST', url: '/graphql', headers }), 'BAD_USER_INPUT');
  });

  it('rejects a document of more than 64 KB, including comments', async () => {
    expectRejection(await post(app, query(`{ viewer { keyId } } #${'x'.repeat(65_536)}`)), 'LIMIT_EXCEEDED');
  });

  it('coerces the variables once and stops at the first error, regardless of how many fields use them', async () => {
    const unlimited = 1_000_000;
    const limits = {
      aliases: unlimited,
      rootFields: unlimited,
      nodes: unlimited,
      inputItems: unlimited,
      complexity: unlimited,
    };
    await using app = await startApp({ limits });
    const fields = Array.from({ length: 100 }, (_, place) => `a${place}: nodes(ids: $ids) { id }`);
    const text = query(`query ($ids: [ID!]!) { ${fields.join(' ')} }`, { ids: Array(2_000).fill({}) });
    const response = await post(app, text, { headers: { authorization: app.publicKey } });
    expectRejection(response, 'BAD_USER_INPUT');
    expect(response.json().errors.length).toBeLessThan(60);
  });

  it('truncates the input that an error repeats', async () => {
    const add =
      'mutation ($input: AddEventInput!) { addEvent(input: $input) { ... on ValidationError { message issues { path } } } }';
    const properties = { ['k'.repeat(900_000)]: 1 };
    const response = await post(app, query(add, { input: { uid: 'a', name: 'n', properties } }));
    expect(response.json()).toHaveProperty('data.addEvent.issues');
    expect(response.body.length).toBeLessThan(2_000);
  });

  it('rejects a mutation by GET', async () => {
    const url = `/graphql?query=${encodeURIComponent('mutation { deleteUser(input: { uid: "a" }) { __typename } }')}`;
    const response = await app.app.inject({ method: 'GET', url, headers: { authorization: app.owner } });
    expect(response.statusCode).toBe(405);
    expectRejection(response, 'BAD_USER_INPUT');
  });

  it.each(['APPLICATION/JSON', 'application/json ; charset=utf-8', 'application/graphql+json'])(
    'accepts a body as %s',
    async (type) => {
      const response = await post(app, query('{ viewer { keyId } }'), { headers: { 'content-type': type } });
      expect(response.json()).toHaveProperty('data.viewer.keyId');
    },
  );

  it.each(['http://user:password@host.example/graphql', '/%67raphql'])('accepts the URL %s', async (address) => {
    const url = `${address}?query=${encodeURIComponent('{ viewer { keyId } }')}`;
    const response = await app.app.inject({ method: 'GET', url, headers: { authorization: app.owner } });
    expect(response.json()).toHaveProperty('data.viewer.keyId');
  });

  it.each(['/%zz', '/graphql%zz'])('rejects the URL %s with a code', async (url) => {
    const response = await app.app.inject({ method: 'GET', url, headers: { authorization: app.owner } });
    expect([response.statusCode, response.json().code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('rejects a query string that cannot be decoded', async () => {
    const response = await app.app.inject({
      method: 'GET',
      url: '/graphql?query=%E0%A4%A&variables=%',
      headers: { authorization: app.owner },
    });
    expectRejection(response);
  });

  it('counts the fields of fragments towards the depth, and terminates on circular fragments', async () => {
    const fragments = `fragment A on User { events { nodes { user { ...B } } } } fragment B on User { events { nodes { user { ...C } } } }
      fragment C on User { events { nodes { user { ...D } } } } fragment D on User { events { nodes { user { uid } } } }`;
    expectRejection(await post(app, query(`{ user(uid: "a") { ...A } } ${fragments}`)), 'LIMIT_EXCEEDED');
    const circle = 'fragment A on User { ...B } fragment B on User { ...A }';
    expectRejection(await post(app, query(`{ user(uid: "a") { ...A } } ${circle}`)), 'GRAPHQL_VALIDATION_FAILED');
  });

  it('accepts the introspection query of tools', async () => {
    const { getIntrospectionQuery } = await import('graphql');
    expect((await post(app, query(getIntrospectionQuery()))).json()).toHaveProperty('data.__schema.types');
  });
});
