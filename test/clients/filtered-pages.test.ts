import { parse } from 'graphql';
import { expect, it } from 'vitest';
import { SetListSubscription } from '../../examples/clients/documents.ts';
import { startListening } from '../kit/listening.ts';
import { rowGlobalId, seedListMembers, seedUsers } from '../kit/seed-rows.ts';
import { cachingClients } from './caching-clients.ts';

const Subscribed = parse(`
  query Subscribed($id: ID!) {
    list(id: $id) { id members(first: 10, subscribed: true) { edges { id cursor node { id uid } } pageInfo { hasPreviousPage } } }
  }
`);

const id = rowGlobalId('List', 1);
const input = { uid: 'u3', listId: id, subscribed: true };

it.each(cachingClients)('%s reads a filtered page again after its list has a new member', async (_name, create) => {
  await using gateway = await startListening();
  await seedListMembers(gateway, 1, [1, 2]);
  await seedUsers(gateway, [3]);
  const client = create(gateway.url, gateway.owner);
  const page = (...uids: string[]) => ({ list: { members: { edges: uids.map((uid) => ({ node: { uid } })) } } });
  expect(await client.query(Subscribed, { id })).toMatchObject(page('u2', 'u1'));
  await client.mutate(SetListSubscription, input);
  expect(await client.query(Subscribed, { id })).toMatchObject(page('u3', 'u2', 'u1'));
});
