import { afterAll, describe, expect, it, vi } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { startApp } from '../../kit/app.ts';
import { startExecutors } from '../../kit/executors.ts';
import { idOf } from '../../kit/persisted.ts';

const executors = await startExecutors();
afterAll(() => executors[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const apollo = (document: string) => ({ extensions: { persistedQuery: { version: 1, sha256Hash: idOf(document) } } });
const notFound = {
  errors: [{ message: 'PersistedQueryNotFound', extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' } }],
};
const workspaceOf = (workspace: string) => ({ data: { viewer: { workspace } } });

/** Documents that no other test has stored. */
let count = 0;
const newDocument = () => `query Viewer${count++} { viewer { workspace } }`;

async function post(payload: object, authorization = executors.owner, headers: object = json) {
  const [direct, yoga] = await executors.both({ headers: { ...headers }, payload: JSON.stringify(payload) }, [
    authorization,
    authorization,
  ]);
  expect(direct).toEqual(yoga);
  return { status: direct.status, body: JSON.parse(direct.body) };
}

async function get(parameters: Record<string, string>) {
  const [direct, yoga] = await executors.both({ method: 'GET', url: `/graphql?${new URLSearchParams(parameters)}` });
  expect(direct).toEqual(yoga);
  return { status: direct.status, body: JSON.parse(direct.body) };
}

describe('In the default configuration', () => {
  it('executes a document by its hash once a request had both', async () => {
    const query = newDocument();
    expect(await post(apollo(query))).toEqual({ status: 200, body: notFound });
    expect(await post({ ...apollo(query), query })).toEqual({ status: 200, body: workspaceOf('Owner') });
    expect(await post(apollo(query))).toEqual({ status: 200, body: workspaceOf('Owner') });
    expect(await get({ extensions: JSON.stringify(apollo(query).extensions) })).toEqual({
      status: 200,
      body: workspaceOf('Owner'),
    });
  });

  it('does the same with GET, and with the media type of GraphQL over HTTP', async () => {
    const query = newDocument();
    const extensions = JSON.stringify(apollo(query).extensions);
    expect(await get({ extensions })).toEqual({ status: 200, body: notFound });
    expect((await get({ extensions, query })).body).toEqual(workspaceOf('Owner'));
    const headers = { ...json, accept: 'application/graphql-response+json' };
    expect(await post(apollo(query), executors.owner, headers)).toEqual({ status: 200, body: workspaceOf('Owner') });
    expect(await post(apollo(newDocument()), executors.owner, headers)).toEqual({ status: 200, body: notFound });
  });

  it('executes a stored document directly, without a Fetch request', async () => {
    const query = newDocument();
    await post({ ...apollo(query), query });
    const fetchRequests = vi.spyOn(globalThis, 'Request');
    const headers = { ...json, authorization: executors.owner };
    const payload = { ...apollo(query), operationName: null, variables: {} };
    const response = await executors.app.inject({ method: 'POST', url: '/graphql', headers, payload });
    expect(response.json()).toEqual(workspaceOf('Owner'));
    expect(fetchRequests).not.toHaveBeenCalled();
    fetchRequests.mockRestore();
  });

  it('stores no document under a hash that is not its own', async () => {
    const [query, other] = [newDocument(), newDocument()];
    const message = 'extensions.persistedQuery.sha256Hash must be the SHA-256 digest of the query, in hexadecimal.';
    const { body } = await post({ ...apollo(other), query });
    expect(body).toEqual({ errors: [{ message, extensions: { code: 'BAD_USER_INPUT' } }] });
    expect((await post(apollo(other))).body).toEqual(notFound);
    expect((await post(apollo(query))).body).toEqual(notFound);
  });

  it('stores no text that is not well-formed Unicode, whose digest is that of another document', async () => {
    const query = newDocument();
    const [wellFormed, malformed] = ['\ufffd', '\ud800'].map((character) => `${query} # ${character}`);
    if (!wellFormed || !malformed) throw new Error('No documents.');
    await post({ ...apollo(wellFormed), query: malformed });
    expect((await post(apollo(wellFormed))).body).toEqual(notFound);
    await post({ ...apollo(wellFormed), query: wellFormed });
    await post({ ...apollo(wellFormed), query: malformed });
    expect((await post(apollo(wellFormed))).body).toEqual(workspaceOf('Owner'));
  });

  it('names every fault of a malformed request', async () => {
    const query = newDocument();
    const faulty: [unknown, string][] = [
      [{ version: 2, sha256Hash: idOf(query) }, 'persistedQuery.version must be 1'],
      [{ version: '1', sha256Hash: 1 }, 'persistedQuery.version must be 1; persistedQuery.sha256Hash must be a string'],
      ['x', 'persistedQuery must be an object'],
    ];
    for (const [persistedQuery, faults] of faulty) {
      for (const params of [{ query }, {}]) {
        expect((await post({ ...params, extensions: { persistedQuery } })).body).toEqual({
          errors: [{ message: `Invalid extensions: ${faults}.`, extensions: { code: 'BAD_USER_INPUT' } }],
        });
      }
    }
  });

  it('shares the documents of a workspace among its callers, and with no other workspace', async () => {
    const query = newDocument();
    const { publicKey } = await createKey(executors.db, executors.workspaceId, ['users:write']);
    const publicCaller = `Basic ${Buffer.from(`${publicKey}:`).toString('base64')}`;
    await post({ ...apollo(query), query }, executors.stranger.owner);
    expect((await post(apollo(query))).body).toEqual(notFound);
    await post({ ...apollo(query), query });
    expect((await post(apollo(query))).body).toEqual(workspaceOf('Owner'));
    expect((await post(apollo(query), publicCaller)).body).toEqual(workspaceOf('Owner'));
  });

  it('applies all limits and scopes to a stored document', async () => {
    const deep = `{ users { nodes { ${'events { nodes { user { '.repeat(5)} uid ${'} } }'.repeat(5)} } } }`;
    const first = await post({ ...apollo(deep), query: deep });
    expect(first.body).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
    expect(await post(apollo(deep))).toEqual(first);
    const mutation = 'mutation { deleteUser(input: { uid: "x" }) { __typename } }';
    await post({ ...apollo(mutation), query: mutation });
    const { body } = await get({ extensions: JSON.stringify(apollo(mutation).extensions) });
    expect(body.errors[0].message).toBe('Can only perform a mutation operation from a POST request.');
  });
});

it('keeps the documents of other callers when one caller stores many', async () => {
  await using app = await startApp({ limits: { persistedQueryBytes: 64 * 1024 } });
  const send = async (authorization: string, payload: object) =>
    (await app.app.inject({ method: 'POST', url: '/graphql', headers: { ...json, authorization }, payload })).json();
  const mine = newDocument();
  await send(app.owner, { ...apollo(mine), query: mine });
  const flood = Array.from({ length: 200 }, () => newDocument());
  for (const query of flood) await send(app.stranger.owner, { ...apollo(query), query });
  expect(await send(app.owner, apollo(mine))).toEqual(workspaceOf('Owner'));
  const stored = await Promise.all(
    flood.map(async (query) => 'data' in (await send(app.stranger.owner, apollo(query)))),
  );
  expect(stored.filter(Boolean).length).toBeGreaterThan(20);
  expect(stored.filter(Boolean).length).toBeLessThan(150);
  expect(stored.at(-1)).toBe(true);
});

it('tells clients to stop sending hashes if it is off, and executes documents as usual', async () => {
  await using app = await startApp({ limits: { persistedQueryBytes: 0 } });
  const headers = { ...json, authorization: app.owner };
  const send = async (payload: object) =>
    (await app.app.inject({ method: 'POST', url: '/graphql', headers, payload })).json();
  const query = newDocument();
  const notSupported = {
    errors: [{ message: 'PersistedQueryNotSupported', extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } }],
  };
  expect(await send(apollo(query))).toEqual(notSupported);
  expect(await send({ ...apollo(query), query })).toEqual(workspaceOf('Owner'));
  expect(await send(apollo(query))).toEqual(notSupported);
});
