import { expect, it } from 'vitest';
import { encodeDeviceId } from '../../../src/graphql/schema/global-id.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedLists,
  seedSegmentMembers,
} from '../../kit/seed-rows.ts';

const ReadById = graphql(`
  query ReadById($list: ID!, $segment: ID!, $event: ID!) {
    list(id: $list) { __typename id title }
    segment(id: $segment) { __typename id name }
    event(id: $event) { __typename id name user { uid } }
  }
`);

const ReadIds = graphql(`
  query ReadIds($uid: String!) {
    user(uid: $uid) { id devices { id } lists { id } segments { id } }
    lists(last: 1) { nodes { members { edges { id } } } }
  }
`);

const NodeOfUnknownId = graphql(`
  query NodeOfUnknownId($id: ID!) {
    node(id: $id) { id }
  }
`);

const MoveDevice = graphql(`
  mutation MoveDevice($uid: String!, $token: String!) {
    updateUser(input: { uid: $uid, device: { token: $token, platform: IOS } }) { __typename }
  }
`);

const missing = { list: null, segment: null, event: null };

/** Starts an app with one object of each type. */
async function startWithRows() {
  const app = await startApp();
  for (const place of [app, { db: app.db, workspaceId: app.stranger.workspaceId }]) {
    await seedListMembers(place, 1, [1, 2]);
    await seedSegmentMembers(place, 1, [1, 2]);
    await seedDevices(place, [1, 2]);
  }
  await seedEvents(app, 1, [1]);
  return app;
}

const idsOf = (number: number) => ({
  list: rowGlobalId('List', number),
  segment: rowGlobalId('Segment', number),
  event: rowGlobalId('Event', number),
});

it('reads a list, a segment and an event by their global ids', async () => {
  await using app = await startWithRows();
  const ids = idsOf(1);
  expect(await app.run(ReadById, ids)).toEqual({
    list: { __typename: 'List', id: ids.list, title: 'List 1' },
    segment: { __typename: 'Segment', id: ids.segment, name: 'Segment 1' },
    event: { __typename: 'Event', id: ids.event, name: 'Paid', user: { uid: 'u1' } },
  });
});

it('returns null for ids that do not exist, of another type, of another workspace, or that are no ids', async () => {
  await using app = await startWithRows();
  const { list, segment, event } = idsOf(1);
  expect(await app.run(ReadById, idsOf(2))).toEqual(missing);
  expect(await app.run(ReadById, { list: segment, segment: event, event: list })).toEqual(missing);
  for (const id of ['', 'x', '\0', list.slice(0, -4)])
    expect(await app.run(ReadById, { list: id, segment: id, event: id })).toEqual(missing);
  await seedLists(app, [5]);
  const ofOthers = { list: rowGlobalId('List', 5), segment: rowGlobalId('Segment', 5), event };
  expect(await app.run(ReadById, ofOthers, app.stranger.owner)).toEqual(missing);
});

it('reads no event of a deleted user', async () => {
  await using app = await startWithRows();
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'u1' } });
  expect(await app.run(ReadById, idsOf(1))).toMatchObject({ event: null });
});

/** All ids that `ReadIds` returns, without those of users. */
async function readIds(app: Awaited<ReturnType<typeof startApp>>, uid: string, caller?: string): Promise<string[]> {
  const { user, lists } = await app.run(ReadIds, { uid }, caller);
  const edges = lists.nodes.flatMap(({ members }) => members.edges);
  return [...(user?.devices ?? []), ...(user?.lists ?? []), ...(user?.segments ?? []), ...edges].map(({ id }) => id);
}

it('gives devices, memberships and edges ids that are stable, and unique across types and workspaces', async () => {
  await using app = await startWithRows();
  const first = await readIds(app, 'u1');
  expect(await readIds(app, 'u1')).toEqual(first);
  const second = await readIds(app, 'u2');
  // The edges are those of both users.
  expect(new Set([...first, ...second]).size).toBe(8);
  const foreign = await readIds(app, 'u1', app.stranger.owner);
  expect(foreign).toHaveLength(first.length);
  // The rows of the other workspace have the same ids, except for devices, which have no id in the database.
  expect(foreign[0]).not.toBe(first[0]);
});

it('keeps the id of a device that moves to another user', async () => {
  await using app = await startWithRows();
  const [before] = (await app.run(ReadIds, { uid: 'u1' })).user?.devices ?? [];
  await app.run(MoveDevice, { uid: 'u2', token: 'token1' });
  const { user } = await app.run(ReadIds, { uid: 'u2' });
  expect(user?.devices[0]).toEqual(before);
});

it('does not reveal the token of a device', async () => {
  await using app = await startWithRows();
  const [device] = (await app.run(ReadIds, { uid: 'u1' })).user?.devices ?? [];
  const decoded = atob(device?.id ?? '');
  expect(decoded).toMatch(/^Device:[\w-]{43}$/);
  expect(decoded).not.toContain('token1');
  expect(device?.id).toBe(encodeDeviceId(app.workspaceId, 'token1'));
});

it('reads no object that is not a node by its id', async () => {
  await using app = await startWithRows();
  for (const id of await readIds(app, 'u1')) {
    const { data } = await app.send(NodeOfUnknownId, { id });
    expect(data).toEqual({ node: null });
  }
});
