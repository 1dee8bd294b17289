import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { rowGlobalId, seedEvents, seedListMembers, seedSegmentMembers, tens } from '../../kit/seed-rows.ts';

const NodeOfId = graphql(`
  query NodeOfId($id: ID!) {
    node(id: $id) { __typename id }
  }
`);

const NodesOfIds = graphql(`
  query NodesOfIds($ids: [ID!]!) {
    nodes(ids: $ids) { __typename id }
  }
`);

const IdsEverywhere = graphql(`
  query IdsEverywhere {
    user(uid: "u1") {
      id
      lists { list { id } }
      segments { segment { id } }
      events { nodes { id user { id } } }
    }
    users { nodes { id } }
    lists { nodes { id members { edges { node { id } } } } }
    segments { nodes { id members { nodes { id } } } }
  }
`);

const types = ['User', 'List', 'Segment', 'Event'] as const;

/** Starts an app with one row of each type, all with the number 1. */
async function startWithRows() {
  const app = await startApp();
  await seedListMembers(app, 1, [1]);
  await seedSegmentMembers(app, 1, [1]);
  await seedEvents(app, 1, [1]);
  return app;
}

it.each(types)('reads a %s by its global id', async (type) => {
  await using app = await startWithRows();
  const id = rowGlobalId(type, 1);
  expect(await app.run(NodeOfId, { id })).toEqual({ node: { __typename: type, id } });
});

it('returns the same id for a node on every path', async () => {
  await using app = await startWithRows();
  const [user, list, segment, event] = types.map((type) => ({ id: rowGlobalId(type, 1) }));
  expect(await app.run(IdsEverywhere)).toEqual({
    user: { ...user, lists: [{ list }], segments: [{ segment }], events: { nodes: [{ ...event, user }] } },
    users: { nodes: [user] },
    lists: { nodes: [{ ...list, members: { edges: [{ node: user }] } }] },
    segments: { nodes: [{ ...segment, members: { nodes: [user] } }] },
  });
});

it('returns null for the id of a row that does not exist', async () => {
  await using app = await startWithRows();
  for (const type of types) expect(await app.run(NodeOfId, { id: rowGlobalId(type, 2) })).toEqual({ node: null });
});

it('returns nodes in the order of their ids, with null for a missing row, and a repeated id twice', async () => {
  await using app = await startWithRows();
  const [user, missing, list] = [rowGlobalId('User', 1), rowGlobalId('Event', 2), rowGlobalId('List', 1)];
  const { nodes } = await app.run(NodesOfIds, { ids: [list, user, missing, user] });
  expect(nodes.map((node) => node?.id)).toEqual([list, user, undefined, user]);
});

it('accepts 100 ids and rejects 101', async () => {
  await using app = await startApp();
  const ids = tens(101).map((number) => rowGlobalId('User', number));
  expect((await app.run(NodesOfIds, { ids: ids.slice(1) })).nodes).toHaveLength(100);
  const { data, errors } = await app.send(NodesOfIds, { ids });
  expect(data).toBeUndefined();
  expect(errors).toMatchObject([{ message: 'ids: must have at most 100 ids; got 101' }]);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT', issues: [{ path: ['ids'] }] } }]);
});

const malformedIds = [
  '',
  'garbage',
  '1',
  btoa('User:1'),
  btoa('Workspace:01900000-0000-7000-8000-000000000001'),
  '\0',
  `${rowGlobalId('User', 1)}=`,
];

it('returns null for a malformed id, as for a row that does not exist', async () => {
  await using app = await startWithRows();
  for (const caller of [app.owner, app.publicKey]) {
    await app.send('{ __typename }', {}, caller);
    const statements = await app.statementsOf(async () => {
      for (const id of malformedIds) {
        const { data, errors } = await app.send(NodeOfId, { id }, caller);
        expect({ data, errors }).toEqual({ data: { node: null }, errors: undefined });
      }
    });
    expect(statements).toEqual([]);
  }
  const [user, list] = [rowGlobalId('User', 1), rowGlobalId('List', 1)];
  const { data, errors } = await app.send(NodesOfIds, { ids: [user, ...malformedIds, list] });
  expect(errors).toBeUndefined();
  expect(data).toEqual({
    nodes: [{ __typename: 'User', id: user }, ...malformedIds.map(() => null), { __typename: 'List', id: list }],
  });
});

it('accepts ids without base64 padding, and returns ids with it', async () => {
  await using app = await startWithRows();
  for (const type of types) {
    const id = rowGlobalId(type, 1);
    const unpadded = id.replace(/=+$/, '');
    expect(await app.run(NodeOfId, { id: unpadded })).toEqual({ node: { __typename: type, id } });
    expect(await app.run(NodesOfIds, { ids: [unpadded] })).toEqual({ nodes: [{ __typename: type, id }] });
  }
});
