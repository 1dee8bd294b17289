import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { createApolloClient } from '../../examples/clients/apollo-client.ts';
import { SetListSubscription } from '../../examples/clients/documents.ts';
import { createUrqlClient } from '../../examples/clients/urql.ts';
import { startListening } from '../kit/listening.ts';
import { rowGlobalId, seedListMembers, seedUsers } from '../kit/seed-rows.ts';

const Subscribed = parse(`
  query Subscribed($id: ID!) {
    list(id: $id) { id members(first: 10, subscribed: true) { edges { id cursor node { id uid } } pageInfo { hasPreviousPage } } }
  }
`);

const id = rowGlobalId('List', 1);
const input = { uid: 'u3', listId: id, subscribed: true };

/** A client with the members of a list. */
interface Members {
  /** Reads the subscribed members, as a component does that is mounted now. */
  read(): Promise<unknown>;
  /** Subscribes u3. */
  subscribe(): Promise<unknown>;
}

const clients: [name: string, create: (url: string, authorization: string) => Members][] = [
  [
    'Apollo Client',
    (...endpoint) => {
      const client = createApolloClient(...endpoint);
      return {
        read: async () => (await client.query({ query: Subscribed, variables: { id } })).data,
        subscribe: () => client.mutate({ mutation: SetListSubscription, variables: { input } }),
      };
    },
  ],
  [
    'urql',
    (...endpoint) => {
      const client = createUrqlClient(...endpoint);
      return {
        read: async () => (await client.query(Subscribed, { id })).data,
        subscribe: async () => client.mutation(SetListSubscription, { input }),
      };
    },
  ],
];

it.each(clients)('%s reads a filtered page again after its list has a new member', async (_name, create) => {
  await using gateway = await startListening();
  await seedListMembers(gateway, 1, [1, 2]);
  await seedUsers(gateway, [3]);
  const members = create(`http://127.0.0.1:${gateway.port}/graphql`, gateway.owner);
  const page = (...uids: string[]) => ({ list: { members: { edges: uids.map((uid) => ({ node: { uid } })) } } });
  expect(await members.read()).toMatchObject(page('u2', 'u1'));
  await members.subscribe();
  expect(await members.read()).toMatchObject(page('u3', 'u2', 'u1'));
});
