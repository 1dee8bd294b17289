import { type DocumentNode, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { createApolloClient } from '../../examples/clients/apollo-client.ts';
import { AddEvent, CreateUser, Users } from '../../examples/clients/documents.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { startListening } from '../kit/listening.ts';
import { seedEvents, seedUsers } from '../kit/seed-rows.ts';

/** Executes operations as components do: queries from the cache if it has all fields. */
interface CachingClient {
  query(document: DocumentNode, variables?: object): Promise<unknown>;
  mutate(document: DocumentNode, input: object): Promise<unknown>;
}

const clients: [name: string, create: (url: string, authorization: string) => CachingClient][] = [
  [
    'Apollo Client',
    (...endpoint) => {
      const client = createApolloClient(...endpoint);
      return {
        query: async (query, variables) => (await client.query({ query, variables })).data,
        mutate: async (mutation, input) => (await client.mutate({ mutation, variables: { input } })).data,
      };
    },
  ],
  [
    'urql',
    (...endpoint) => {
      const client = createUrqlClient(...endpoint);
      return {
        query: async (document, variables = {}) => (await client.query(document, variables)).data,
        mutate: async (document, input) => (await client.mutation(document, { input })).data,
      };
    },
  ],
];

describe.each(clients)('%s', (_name, create) => {
  async function start() {
    const gateway = await startListening();
    await seedUsers(gateway, [1, 2]);
    await seedEvents(gateway, 1, [1]);
    return { ...gateway, ...create(`http://127.0.0.1:${gateway.port}/graphql`, gateway.owner) };
  }

  it.each(['totalCount', 'nodes { id } pageInfo { hasNextPage }'])(
    'adds an object to connections that were read with only %s',
    async (fields) => {
      await using client = await start();
      await client.query(
        parse(`{ users(first: 1) { ${fields} } user(uid: "u1") { id events(first: 1) { ${fields} } } }`),
      );
      expect(await client.mutate(CreateUser, { uid: 'new' })).toMatchObject({
        createUser: { __typename: 'CreateUserPayload' },
      });
      expect(await client.mutate(AddEvent, { uid: 'u1', name: 'Paid' })).toMatchObject({
        addEvent: { __typename: 'AddEventPayload' },
      });
    },
  );

  it('reads the edges of a connection of which it has only the number', async () => {
    await using client = await start();
    await client.query(parse('{ users(first: 1) { totalCount } }'));
    expect(await client.query(Users, { first: 1 })).toMatchObject({ users: { edges: [{ node: { uid: 'u2' } }] } });
  });

  it('shows users whose id was not selected', async () => {
    await using client = await start();
    const query = parse('{ users(first: 2) { edges { cursor node { uid } } pageInfo { hasNextPage } } }');
    expect(await client.query(query)).toMatchObject({
      users: { edges: [{ node: { uid: 'u2' } }, { node: { uid: 'u1' } }] },
    });
  });
});
