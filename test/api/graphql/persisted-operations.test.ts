import { generate } from '@graphql-codegen/cli';
import fc from 'fast-check';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { graphqlBody, startLanes } from '../../kit/executors.ts';
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
const wrong = (message: string) => ({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });

type Lanes = Awaited<ReturnType<typeof startLanes>>;

/** Starts both lanes with the operations, and stops them. */
async function withLanes(only: boolean, act: (lanes: Lanes) => Promise<void>): Promise<void> {
  await using persisted = await writePersisted(content);
  await using lanes = await startLanes({ persistedOperations: { file: persisted.file, only } });
  await act(lanes);
}

const json = { 'content-type': 'application/json' };
const send = async (lanes: Lanes, payload: object) => {
  const [one, other] = await lanes.both({ headers: json, payload: JSON.stringify(payload) });
  expect(one).toEqual(other);
  return JSON.parse(one.body);
};
const get = async (lanes: Lanes, parameters: Record<string, string>) => {
  const [one] = await lanes.both({ method: 'GET', url: `/graphql?${new URLSearchParams(parameters)}` });
  return JSON.parse(one.body);
};

describe.each([{ only: false }, { only: true }])('Persisted operations, only those: $only', ({ only }) => {
  let lanes: Lanes;
  let persisted: Awaited<ReturnType<typeof writePersisted>>;
  beforeAll(async () => {
    persisted = await writePersisted(content);
    lanes = await startLanes({ persistedOperations: { file: persisted.file, only } });
  });
  afterAll(async () => {
    await lanes[Symbol.asyncDispose]();
    await persisted[Symbol.asyncDispose]();
  });

  it('are asked for by their hash, in every form that clients have', async () => {
    const id = idOf(documents.viewer);
    expect(await send(lanes, apollo(documents.viewer))).toEqual(workspace);
    expect(await send(lanes, { documentId: id })).toEqual(workspace);
    expect(await send(lanes, { documentId: `sha256:${id}` })).toEqual(workspace);
    expect(await get(lanes, { documentId: `sha256:${id}` })).toEqual(workspace);
    const { extensions } = apollo(documents.viewer);
    expect(await get(lanes, { extensions: JSON.stringify(extensions) })).toEqual(workspace);
  });

  it('take variables and the name of an operation, and are as limited as any other', async () => {
    const documentId = idOf(documents.user);
    expect(await send(lanes, { documentId, variables: { uid: 'x' } })).toEqual({ data: { user: null } });
    expect(await send(lanes, { documentId, variables: { uid: 1 } })).toMatchObject({
      errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
    });
    const two = { documentId: idOf(documents.two), operationName: 'B' };
    expect(await send(lanes, two)).toEqual({ data: { lists: { totalCount: 0 } } });
    const [{ body }] = await lanes.both({ headers: json, payload: JSON.stringify(apollo(documents.forbidden)) }, [
      lanes.publicKey,
      lanes.publicKey,
    ]);
    expect(JSON.parse(body)).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN' } }] });
  });

  it('go the short way, without a Fetch request', async () => {
    const fetchRequests = vi.spyOn(globalThis, 'Request');
    const ask = async (payload: object) => {
      const headers = { ...json, authorization: lanes.owner };
      const answer = await lanes.app.inject({ method: 'POST', url: '/graphql', headers, payload });
      return [answer.json(), fetchRequests.mock.calls.length];
    };
    expect(await ask(apollo(documents.viewer))).toEqual([workspace, 0]);
    expect(await ask({ documentId: idOf(documents.viewer) })).toEqual([workspace, 0]);
    expect(await ask({ documentId: 'unknown' })).toEqual([expect.anything(), 1]);
    fetchRequests.mockRestore();
  });

  it('tell a client of an unknown hash, in the words that have it send the document where that is answered', async () => {
    const message = only ? 'The document is not among the persisted operations.' : 'PersistedQueryNotFound';
    const unknown = '{ lists { totalCount } }';
    for (const payload of [apollo(unknown), { documentId: 'constructor' }, { documentId: '' }]) {
      expect(await send(lanes, payload)).toEqual(wrong(message));
    }
    const again = await send(lanes, { ...apollo(unknown), query: unknown });
    expect(again).toEqual(
      only
        ? wrong('Only persisted operations are answered: send a documentId, and no query.')
        : { data: { lists: { totalCount: 0 } } },
    );
  });

  it('are answered alike both ways, whatever is sent', { timeout: 120_000 }, async () => {
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
    const property = fc.asyncProperty(params, async (payload) => void (await send(lanes, payload)));
    await fc.assert(property, {
      numRuns: casesOf(500),
      interruptAfterTimeLimit: 100_000,
      markInterruptAsFailure: true,
    });
  });
});

it('where nothing else is answered, nobody’s document is parsed, and no schema shown', async () => {
  await withLanes(true, async (lanes) => {
    const message = 'Only persisted operations are answered: send a documentId, and no query.';
    for (const query of [
      '{ viewer { workspace } }',
      '{ __schema { queryType { name } } }',
      '{ nobody',
      documents.viewer,
    ]) {
      expect(await send(lanes, { query })).toEqual(wrong(message));
      expect(await get(lanes, { query })).toEqual(wrong(message));
    }
    const neither = 'Send a query, or the id of a persisted operation as documentId.';
    expect(await send(lanes, {})).toEqual(wrong(neither));
    const spoken = { accept: 'application/graphql-response+json' };
    const [{ status }] = await lanes.both({ ...graphqlBody('{ __typename }'), headers: { ...json, ...spoken } });
    expect(status).toBe(400);
  });
});

it('a gateway without persisted operations knows no ids', async () => {
  await using lanes = await startLanes();
  expect(await send(lanes, { documentId: idOf(documents.viewer) })).toMatchObject(
    wrong('Unexpected parameter "documentId" in the request body.'),
  );
});

it('takes the file that codegen’s client preset writes', async () => {
  const files = await generate(
    {
      silent: true,
      schema: 'schema.graphql',
      documents: [documents.viewer, documents.track],
      generates: { 'out/': { preset: 'client', presetConfig: { persistedDocuments: true } } },
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
});

describe('The gateway does not start', () => {
  const database = { DATABASE_URL: 'postgres://127.0.0.1:1/nowhere' };

  it.each([
    ['is not there', undefined, /it cannot be read: ENOENT/],
    ['is no JSON', '{', /must be an object of documents by their hash/],
    ['is a list', '[]', /must be an object of documents by their hash/],
    ['holds no documents', '{"a":1,"b":{}}', /a: .*; b: /],
  ])('with a file that %s', async (_name, text, said) => {
    await using persisted = await writePersisted(text ?? '');
    const { file } = persisted;
    const environment = { ...database, PERSISTED_OPERATIONS: text === undefined ? `${file}.not` : file };
    const { code, output } = await failGateway(environment);
    expect([code, output]).toEqual([1, expect.stringMatching(said)]);
    expect(output).not.toMatch(/^ {4}at /m);
  });

  it('with documents that do not fit the schema, and names all of them', async () => {
    const deep = `{ users { nodes { ${'events { nodes { user { '.repeat(5)} uid ${'} } }'.repeat(5)} } } }`;
    expect(() => parse(deep)).not.toThrow();
    await using persisted = await writePersisted({ a: '{ nobody }', b: '{', c: '{ __typename }', d: deep });
    const { code, output } = await failGateway({ ...database, PERSISTED_OPERATIONS: persisted.file });
    expect(code).toBe(1);
    expect(output).toMatch(/ {2}a: Cannot query field "nobody".*\n {2}b: Syntax Error.*\n {2}d: The operation nests/);
    expect(output).not.toMatch(/^ {2}c:|^ {4}at /m);
  });
});
