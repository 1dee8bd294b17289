import { createHash } from 'node:crypto';
import { generate } from '@graphql-codegen/cli';
import fc from 'fast-check';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';
import { graphqlBody, startExecutors } from '../../kit/executors.ts';
import { failGateway } from '../../kit/gateway-process.ts';
import { idOf, writePersisted } from '../../kit/persisted.ts';
import { casesOf } from '../../kit/test-size.ts';

const documents = {
  viewer: 'query Viewer { viewer { workspace } }',
  user: 'query User($uid: String!) { user(uid: $uid) { uid email } }',
  two: 'query A { viewer { workspace } } query B { lists { totalCount } }',
  track: 'mutation Track($input: AddEventInput!) { addEvent(input: $input) { __typename } }',
  forbidden: 'query Schema { __schema { queryType { name } } }',
};

const content = Object.fromEntries(Object.values(documents).map((text) => [`sha256:${idOf(text)}`, text]));
const apollo = (document: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: idOf(document) } } });
const workspace = { data: { viewer: { workspace: 'Owner' } } };
const failure = (message: string, code: string) => ({ errors: [{ message, extensions: { code } }] });
const badInput = (message: string) => failure(message, 'BAD_USER_INPUT');

type Executors = Awaited<ReturnType<typeof startExecutors>>;

/** Runs a test with both executors and the persisted operations. */
async function withExecutors(only: boolean, act: (executors: Executors) => Promise<void>): Promise<void> {
  await using persisted = await writePersisted(content);
  await using executors = await startExecutors({ persistedOperations: { file: persisted.file, only } });
  await act(executors);
}

const json = { 'content-type': 'application/json' };
const send = async (executors: Executors, payload: object) => {
  const [one, other] = await executors.both({ headers: json, payload: JSON.stringify(payload) });
  expect(one).toEqual(other);
  return JSON.parse(one.body);
};
const get = async (executors: Executors, parameters: Record<string, string>) => {
  const [one] = await executors.both({ method: 'GET', url: `/graphql?${new URLSearchParams(parameters)}` });
  return JSON.parse(one.body);
};

describe.each([{ only: false }, { only: true }])('Persisted operations, with only: $only', ({ only }) => {
  let executors: Executors;
  let persisted: Awaited<ReturnType<typeof writePersisted>>;
  beforeAll(async () => {
    persisted = await writePersisted(content);
    executors = await startExecutors({ persistedOperations: { file: persisted.file, only } });
  });
  afterAll(async () => {
    await executors[Symbol.asyncDispose]();
    await persisted[Symbol.asyncDispose]();
  });

  it('are requested by their hash, in the format of any client', async () => {
    const id = idOf(documents.viewer);
    expect(await send(executors, apollo(documents.viewer))).toEqual(workspace);
    expect(await send(executors, { documentId: id })).toEqual(workspace);
    expect(await send(executors, { documentId: `sha256:${id}` })).toEqual(workspace);
    expect(await get(executors, { documentId: `sha256:${id}` })).toEqual(workspace);
    const { extensions } = apollo(documents.viewer);
    expect(await get(executors, { extensions: JSON.stringify(extensions) })).toEqual(workspace);
  });

  it('accept variables and an operation name, and pass the same checks', async () => {
    const documentId = idOf(documents.user);
    expect(await send(executors, { documentId, variables: { uid: 'x' } })).toEqual({ data: { user: null } });
    expect(await send(executors, { documentId, variables: { uid: 1 } })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    const two = { documentId: idOf(documents.two), operationName: 'B' };
    expect(await send(executors, two)).toEqual({ data: { lists: { totalCount: 0 } } });
    const [{ body }] = await executors.both({ headers: json, payload: JSON.stringify(apollo(documents.forbidden)) }, [
      executors.publicKey,
      executors.publicKey,
    ]);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it('are executed directly, without a Fetch request', async () => {
    const fetchRequests = vi.spyOn(globalThis, 'Request');
    const sendDirectly = async (payload: object) => {
      const headers = { ...json, authorization: executors.owner };
      const answer = await executors.app.inject({ method: 'POST', url: '/graphql', headers, payload });
      return [answer.json(), fetchRequests.mock.calls.length];
    };
    expect(await sendDirectly(apollo(documents.viewer))).toEqual([workspace, 0]);
    expect(await sendDirectly({ documentId: idOf(documents.viewer) })).toEqual([workspace, 0]);
    expect(await sendDirectly({ documentId: 'unknown' })).toEqual([expect.anything(), 1]);
    fetchRequests.mockRestore();
  });

  it('reject an unknown hash, with the message that makes clients send the document if that is allowed', async () => {
    const unknown = '{ lists { totalCount } }';
    const notFound = only
      ? badInput('The document is not a persisted operation.')
      : failure('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND');
    for (const payload of [apollo(unknown), { documentId: 'constructor' }, { documentId: '' }]) {
      expect(await send(executors, payload)).toEqual(notFound);
    }
    const again = await send(executors, { ...apollo(unknown), query: unknown });
    expect(again).toEqual(
      only
        ? badInput('Only persisted operations are allowed; send a documentId instead of a query.')
        : { data: { lists: { totalCount: 0 } } },
    );
  });

  it('get the same answer from both executors, whatever is sent', { timeout: 120_000 }, async () => {
    const ids = fc.constantFrom(...Object.values(documents).map(idOf), 'unknown', '', '__proto__');
    const prefixed = fc.tuple(fc.constantFrom('', 'sha256:', 'sha1:'), ids).map((parts) => parts.join(''));
    const anything = fc.oneof(fc.constantFrom(null, 0, '', [], {}), fc.jsonValue());
    const persistedQuery = fc.record(
      { version: fc.constantFrom<unknown>(1, 2, '1'), sha256Hash: fc.oneof(prefixed, anything), more: anything },
      { requiredKeys: [] },
    );
    const params = fc.record(
      {
        query: fc.oneof(fc.constantFrom<unknown>(...Object.values(documents), '{ nobody }', '{', ''), anything),
        documentId: fc.oneof({ weight: 5, arbitrary: prefixed }, { weight: 1, arbitrary: anything }),
        extensions: fc.oneof(fc.record({ persistedQuery }), fc.record({ persistedQuery, more: anything }), anything),
        variables: fc.constantFrom<unknown>({ uid: 'x' }, { uid: 1 }, undefined, null, []),
        operationName: fc.constantFrom<unknown>('A', 'B', undefined, null, 1),
        more: anything,
      },
      { requiredKeys: [] },
    );
    const property = fc.asyncProperty(params, async (payload) => void (await send(executors, payload)));
    await fc.assert(property, {
      numRuns: casesOf(500),
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    });
  });
});

it('with only: true, no other document is parsed, and the schema is not exposed', async () => {
  await withExecutors(true, async (executors) => {
    const message = 'Only persisted operations are allowed; send a documentId instead of a query.';
    for (const query of [
      '{ viewer { workspace } }',
      '{ __schema { queryType { name } } }',
      '{ nobody',
      documents.viewer,
    ]) {
      expect(await send(executors, { query })).toEqual(badInput(message));
      expect(await get(executors, { query })).toEqual(badInput(message));
    }
    const noQuery = 'Send a query, or the id of a persisted operation as documentId.';
    expect(await send(executors, {})).toEqual(badInput(noQuery));
    const mediaType = { accept: 'application/graphql-response+json' };
    const [{ status }] = await executors.both({ ...graphqlBody('{ __typename }'), headers: { ...json, ...mediaType } });
    expect(status).toBe(400);
  });
});

it('a gateway without persisted operations rejects ids', async () => {
  await using executors = await startExecutors();
  const rejection = badInput(
    'This gateway has no persisted operations; set PERSISTED_OPERATIONS to accept documentId.',
  );
  for (const documentId of [idOf(documents.viewer), '']) {
    expect(await send(executors, { documentId })).toEqual(rejection);
    expect(await get(executors, { documentId })).toEqual(rejection);
  }
  expect(await send(executors, { documentId: null, query: documents.viewer })).toEqual(workspace);
});

it.each([['sha256'], ['sha1'], ['md5'], ['sha512']])(
  'accepts the file that codegen’s client preset writes with %s',
  async (hashAlgorithm) => {
    const files = await generate(
      {
        silent: true,
        schema: 'schema.graphql',
        documents: [documents.viewer, documents.track],
        generates: { 'out/': { preset: 'client', presetConfig: { persistedDocuments: { hashAlgorithm } } } },
      },
      false,
    );
    const written = files.find(({ filename }: { filename: string }) => filename.endsWith('persisted-documents.json'));
    await using persisted = await writePersisted(written.content);
    await using app = await startApp({ persistedOperations: { file: persisted.file, only: true } });
    const [documentId] =
      Object.entries<string>(JSON.parse(written.content)).find(([, text]) => text.includes('Viewer')) ?? [];
    const answer = await app.app.inject({
      method: 'POST',
      url: '/graphql',
      headers: { ...json, authorization: app.owner },
      payload: JSON.stringify({ documentId }),
    });
    expect(answer.json()).toEqual(workspace);
  },
);

describe('The gateway does not start', () => {
  let database: { DATABASE_URL: string };
  let unused: Awaited<ReturnType<typeof createDatabase>>;
  beforeAll(async () => {
    unused = await createDatabase();
    database = { DATABASE_URL: unused.connection.connectionString };
  });
  afterAll(() => unused[Symbol.asyncDispose]());

  it.each([
    ['does not exist', undefined, /cannot read the file: ENOENT/],
    ['is not JSON', '{', /must be an object that maps hashes to documents/],
    ['is an array', '[]', /must be an object that maps hashes to documents/],
    ['contains no documents', '{"a":1,"b":{}}', /a: .*; b: /],
    ['has a key of an object literal', '{"__proto__":"{ __typename }"}', /__proto__: The key must be a digest/],
  ])('with a file that %s', async (_name, text, message) => {
    await using persisted = await writePersisted(text ?? '');
    const { file } = persisted;
    const environment = { ...database, PERSISTED_OPERATIONS: text === undefined ? `${file}.not` : file };
    const { code, output } = await failGateway(environment);
    expect([code, output]).toEqual([1, expect.stringMatching(message)]);
    expect(output).not.toMatch(/^ {4}at /m);
  });

  it('with invalid documents, and lists all of them', async () => {
    const deep = `{ users { nodes { ${'events { nodes { user { '.repeat(5)} uid ${'} } }'.repeat(5)} } } }`;
    expect(() => parse(deep)).not.toThrow();
    const [a, b, c, d] = ['{ nobody }', '{', '{ __typename }', deep].map((text) => [idOf(text), text] as const);
    if (!a || !b || !c || !d) throw new Error('No documents.');
    await using persisted = await writePersisted(Object.fromEntries([a, b, c, d]));
    const { code, output } = await failGateway({ ...database, PERSISTED_OPERATIONS: persisted.file });
    expect(code).toBe(1);
    expect(output).toMatch(
      new RegExp(`  ${a[0]}: Cannot query field "nobody".*\n  ${b[0]}: Syntax Error.*\n  ${d[0]}: The operation nests`),
    );
    expect(output).not.toMatch(new RegExp(`^  ${c[0]}:|^ {4}at `, 'm'));
  });

  it('with keys that are not the hash of their document, and lists all of them with the other faults', async () => {
    const [one, other] = ['{ __typename }', '{ viewer { workspace } }'] as const;
    const files = {
      [`sha256:${idOf(other)}`]: one,
      [idOf(other)]: other,
      [idOf(one).toUpperCase()]: one,
      [`sha256:${createHash('sha1').update(one).digest('hex')}`]: one,
      viewer: other,
      short: '{ nobody }',
    };
    await using persisted = await writePersisted(files);
    const { code, output } = await failGateway({ ...database, PERSISTED_OPERATIONS: persisted.file });
    expect(code).toBe(1);
    const lines = output.split('\n').filter((line) => line.startsWith('  '));
    const notADigest = 'The key must be a digest of the document in hex (md5, sha1, sha256, sha384, sha512)';
    expect(lines).toEqual([
      `  sha256:${idOf(other)}: The key is not the hash of the document; its sha256 is ${idOf(one)}.`,
      `  ${idOf(one).toUpperCase()}: The key is not the hash of the document; its sha256 is ${idOf(one)}.`,
      expect.stringContaining(`  sha256:${createHash('sha1').update(one).digest('hex')}: ${notADigest}`),
      expect.stringContaining(`  viewer: ${notADigest}`),
      expect.stringContaining(`  short: ${notADigest}`),
      expect.stringContaining('  short: Cannot query field "nobody"'),
    ]);
  });
});
