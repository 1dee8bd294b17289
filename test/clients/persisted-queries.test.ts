import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { parse, print } from 'graphql';
import { describe, expect, it } from 'vitest';
import { CreateList, Users } from '../../examples/clients/documents.ts';
import { persistedHash } from '../../examples/clients/persisted-hash.ts';
import { listenOnFreePort } from '../kit/free-ports.ts';
import { startListening } from '../kit/listening.ts';
import { idOf } from '../kit/persisted.ts';
import { type CachingClient, cachingClients } from './caching-clients.ts';

/** What a client sent: a hash, a document, or both; in the URL of a GET or in the body of a POST. */
type Sent = `${'GET ' | ''}${'hash' | 'document' | 'hash and document'}`;

/** Starts a gateway behind a proxy that records what clients send. */
async function startRecorded(options: Parameters<typeof startListening>[0] = {}) {
  const gateway = await startListening(options);
  const sent: Sent[] = [];
  const proxy = createServer(async (request, response) => {
    const { method = '', url = '' } = request;
    const isGet = method === 'GET';
    const body = isGet ? null : await text(request);
    const { searchParams } = new URL(url, 'http://127.0.0.1');
    const { query, extensions } = body === null ? Object.fromEntries(searchParams) : JSON.parse(body);
    const hasHash = JSON.stringify(extensions ?? '').includes('persistedQuery');
    sent.push(`${isGet ? 'GET ' : ''}${!query ? 'hash' : hasHash ? 'hash and document' : 'document'}`);
    const headers = { 'content-type': 'application/json', authorization: String(request.headers.authorization) };
    const answer = await fetch(new URL(url, gateway.url), { method, headers, body });
    response.writeHead(answer.status, { 'content-type': String(answer.headers.get('content-type')) });
    response.end(await answer.text());
  });
  const port = await listenOnFreePort(proxy);
  return {
    ...gateway,
    url: `http://127.0.0.1:${port}/graphql`,
    /** What clients have sent since the last call. */
    takeSent: () => sent.splice(0),
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await gateway[Symbol.asyncDispose]();
    },
  };
}

const firstUsers = { first: 1 };
const users = { users: { edges: [] } };

/** Reads the first users from the server. */
const readUsers = ({ query }: CachingClient) => query(Users, firstUsers, 'server');

describe.each(cachingClients)('%s', (_name, create) => {
  it('sends a document once, then its hash', async () => {
    await using gateway = await startRecorded();
    const client = create(gateway.url, gateway.owner);
    expect(await readUsers(client)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
    expect(await readUsers(client)).toMatchObject(users);
    expect(await readUsers(create(gateway.url, gateway.owner))).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash']);
  });

  it('executes a mutation once', async () => {
    await using gateway = await startRecorded();
    const client = create(gateway.url, gateway.owner);
    expect(await client.mutate(CreateList, { title: 'Once' })).toMatchObject({
      createList: { __typename: 'CreateListPayload' },
    });
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
    expect(await gateway.db.list.count()).toBe(1);
  });

  it('sends a document again once the gateway has evicted it', async () => {
    // A document can take a sixteenth of this: 4 KB.
    await using gateway = await startRecorded({ limits: { persistedQueryBytes: 64 * 1024 } });
    const client = create(gateway.url, gateway.owner);
    await readUsers(client);
    await readUsers(client);
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document', 'hash']);
    const aliases = Array.from({ length: 20 }, (_, place) => `${'x'.repeat(60)}${place}: keyId`).join(' ');
    for (let count = 0; count < 20; count += 1) {
      await client.query(parse(`query Other${count} { viewer { ${aliases} } }`), {}, 'server');
    }
    gateway.takeSent();
    expect(await readUsers(client)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'hash and document']);
  });

  it('sends documents alone if the gateway stores none', async () => {
    await using gateway = await startRecorded({ limits: { persistedQueryBytes: 0 } });
    const client = create(gateway.url, gateway.owner);
    for (let count = 0; count < 2; count += 1) expect(await readUsers(client)).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['hash', 'document', 'document']);
  });

  it('sends only hashes of documents that codegen has persisted', async () => {
    const persistedOperations = { file: 'examples/clients/generated/persisted-documents.json', only: true };
    await using gateway = await startRecorded({ persistedOperations });
    const client = create(gateway.url, gateway.owner, persistedHash);
    expect(await readUsers(client)).toMatchObject(users);
    expect(await client.mutate(CreateList, { title: 'New' })).toMatchObject({
      createList: { __typename: 'CreateListPayload' },
    });
    expect(gateway.takeSent()).toEqual(['hash', 'hash']);
  });
});

describe('With GET for hashes', () => {
  it('Apollo Client sends an unknown document with POST', async () => {
    await using gateway = await startRecorded();
    const headers = { authorization: gateway.owner };
    const hashLink = new PersistedQueryLink({
      generateHash: (document) => idOf(print(document)),
      useGETForHashedQueries: true,
    });
    const client = new ApolloClient({
      link: ApolloLink.from([hashLink, new HttpLink({ uri: gateway.url, headers })]),
      cache: new InMemoryCache(),
    });
    const options = { query: Users, variables: firstUsers, fetchPolicy: 'network-only' } as const;
    expect((await client.query(options)).data).toMatchObject(users);
    expect((await client.query(options)).data).toMatchObject(users);
    expect(gateway.takeSent()).toEqual(['GET hash', 'hash and document', 'GET hash']);
  });

  it('urql sends an unknown document with GET as well', async () => {
    await using gateway = await startRecorded();
    const client = new Client({
      url: gateway.url,
      preferGetMethod: true,
      fetchOptions: { headers: { authorization: gateway.owner } },
      exchanges: [persistedExchange({ preferGetForPersistedQueries: true }), fetchExchange],
    });
    for (let count = 0; count < 2; count += 1) {
      expect((await client.query(Users, firstUsers, { requestPolicy: 'network-only' })).data).toMatchObject(users);
    }
    expect(gateway.takeSent()).toEqual(['GET hash', 'GET hash and document', 'GET hash']);
  });
});
