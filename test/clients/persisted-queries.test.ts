import { once } from 'node:events';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { type DocumentNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createApolloClient } from '../../examples/clients/apollo-client.ts';
import { CreateList, Users } from '../../examples/clients/documents.ts';
import { persistedHash } from '../../examples/clients/persisted-hash.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { startListening } from '../kit/listening.ts';

/** What a client sent: a hash, a document, or both. */
type Sent = 'hash' | 'document' | 'hash and document';

/** Starts a gateway behind a proxy that records what clients send. */
async function startRecorded(options: Parameters<typeof startListening>[0] = {}) {
  const gateway = await startListening(options);
  const sent: Sent[] = [];
  const proxy = createServer(async (request, response) => {
    const body = await text(request);
    const { query, extensions } = JSON.parse(body);
    sent.push(!query ? 'hash' : extensions?.persistedQuery ? 'hash and document' : 'document');
    const headers = { 'content-type': 'application/json', authorization: String(request.headers.authorization) };
    const answer = await fetch(`http://127.0.0.1:${gateway.port}/graphql`, { method: 'POST', headers, body });
    response.writeHead(answer.status, { 'content-type': String(answer.headers.get('content-type')) });
    response.end(await answer.text());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  return {
    ...gateway,
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/graphql`,
    /** What clients have sent since the last call. */
    takeSent: () => sent.splice(0),
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

/** Sends an operation and returns its data. */
type Send = (document: DocumentNode, variables?: object) => Promise<unknown>;

const clients: [name: string, create: (url: string, authorization: string, hash?: typeof persistedHash) => Send][] = [
  [
    'Apollo Client',
    (...args) => {
      const client = createApolloClient(...args);
      return async (document, variables) => {
        const isQuery = document !== CreateList;
        const { data } = isQuery
          ? await client.query({ query: document, variables, fetchPolicy: 'network-only' })
          : await client.mutate({ mutation: document, variables });
        return data;
      };
    },
  ],
  [
    'urql',
    (...args) => {
      const client = createUrqlClient(...args);
      return async (document, variables) => {
        const { data, error } = await (document === CreateList
          ? client.mutation(document, variables)
          : client.query(document, variables, { requestPolicy: 'network-only' }));
        if (error) throw error;
        return data;
      };
    },
  ],
];

const firstUsers = { first: 1 };
const users = { users: { edges: [] } };

describe.each(clients)('%s', (_name, create) => {
  it('sends a document once, then its hash', async () => {
    await using gateway = await startRecorded();
    const send = create(gateway.url, gateway.owner);
    expect(await send(Users, firstUsers)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
    expect(await send(Users, firstUsers)).toMatchObject(users);
    expect(await create(gateway.url, gateway.owner)(Users, firstUsers)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash']);
  });

  it('executes a mutation once', async () => {
    await using gateway = await startRecorded();
    const send = create(gateway.url, gateway.owner);
    expect(await send(CreateList, { input: { title: 'Once' } })).toMatchObject({
      createList: { __typename: 'CreateListPayload' },
    });
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
    expect(await gateway.db.list.count()).toBe(1);
  });

  it('sends a document again once the gateway has evicted it', async () => {
    await using gateway = await startRecorded({ limits: { persistedQueryBytes: 3000 } });
    const send = create(gateway.url, gateway.owner);
    await send(Users, firstUsers);
    for (let count = 0; count < 20; count += 1) await send(parse(`query Other${count} { viewer { keyId } }`));
    gateway.takeSent();
    expect(await send(Users, firstUsers)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
  });

  it('sends documents alone if the gateway stores none', async () => {
    await using gateway = await startRecorded({ limits: { persistedQueryBytes: 0 } });
    const send = create(gateway.url, gateway.owner);
    for (let count = 0; count < 2; count += 1) expect(await send(Users, firstUsers)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'document', 'document']);
  });

  it('sends only hashes of documents that codegen has persisted', async () => {
    const persistedOperations = { file: 'examples/clients/generated/persisted-documents.json', only: true };
    await using gateway = await startRecorded({ persistedOperations });
    const send = create(gateway.url, gateway.owner, persistedHash);
    expect(await send(Users, firstUsers)).toMatchObject(users);
    expect(await send(CreateList, { input: { title: 'New' } })).toMatchObject({
      createList: { __typename: 'CreateListPayload' },
    });
    expect(gateway.takeSent()).toEqual(['hash', 'hash']);
  });
});
