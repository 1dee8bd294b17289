import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { AddEvent, CreateUser, Users } from '../../examples/clients/documents.ts';
import { startListening } from '../kit/listening.ts';
import { seedEvents, seedUsers } from '../kit/seed-rows.ts';
import { cachingClients } from './caching-clients.ts';

describe.each(cachingClients)('%s', (_name, create) => {
  async function start() {
    const gateway = await startListening();
    await seedUsers(gateway, [1, 2]);
    await seedEvents(gateway, 1, [1]);
    return { ...gateway, ...create(gateway.url, gateway.owner) };
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
