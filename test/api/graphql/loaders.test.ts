import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  seedDevices,
  seedEvents,
  seedListMembers,
  seedSegmentMembers,
  seedUsers,
  tens,
} from '../../kit/seed-rows.ts';

const FullPage = graphql(`
  query FullPage($first: Int!) {
    users(first: $first) {
      totalCount
      totalCountIsCapped
      pageInfo { hasNextPage endCursor }
      edges { cursor }
      nodes {
        uid
        devices { token }
        lists { subscribed list { title members { totalCount edges { node { uid } } } } }
        segments { suppressed segment { name members { totalCount nodes { uid } } } }
        events(first: 2) { totalCount pageInfo { hasNextPage } nodes { name user { uid devices { token } } } }
      }
    }
  }
`);

const Aliases = graphql(`
  query Aliases {
    one: users(first: 2) { ...everything }
    two: users(first: 2) { ...everything }
    three: users(first: 2) { ...everything }
  }
  fragment everything on UserConnection {
    totalCount
    nodes {
      devices { token }
      again: devices { platform }
      lists { list { title } }
      onceMore: lists { list { createdAt } }
      segments { segment { name } }
      events { nodes { name } }
      events2: events { nodes { timestamp } totalCount }
      events3: events { totalCount }
    }
  }
`);

const ManyNodes = graphql(`
  query ManyNodes($ids: [ID!]!) {
    nodes(ids: $ids) { id ... on User { uid } ... on List { title } ... on Segment { name } ... on Event { name } }
  }
`);

/** Thirty users, each with a device, two lists, two segments and three events. */
async function startFullApp() {
  const app = await startApp({ limits: { complexity: 100_000 } });
  const users = tens(30);
  await seedUsers(app, users);
  await seedDevices(app, users);
  for (const number of [1, 2]) {
    await seedListMembers(app, number, users);
    await seedSegmentMembers(app, number, users);
  }
  for (const user of users) await seedEvents(app, user, [user, user + 1, user + 2]);
  return app;
}

/** The first table or function that each statement reads. */
const subjects = (statements: string[]) => statements.map((sql) => /\bFROM (\w+)/.exec(sql)?.[1] ?? sql).toSorted();

it('reads a page with one SQL statement per type, however many rows it has', async () => {
  await using app = await startFullApp();
  await app.run(FullPage, { first: 1 });
  const two = await app.statementsOf(() => app.run(FullPage, { first: 2 }));
  const thirty = await app.statementsOf(() => app.run(FullPage, { first: 30 }));
  // Users and their count; devices, lists, segments, events and their count; members of lists and segments and their counts;
  // users of events, and their devices.
  expect(two).toHaveLength(13);
  expect(subjects(thirty)).toEqual(subjects(two));
});

it('reads the same data once for several aliases', async () => {
  await using app = await startFullApp();
  await app.run(Aliases);
  // Users and their count, devices, lists, segments, events and their count.
  expect(await app.statementsOf(() => app.run(Aliases))).toHaveLength(7);
});

it('reads a hundred nodes with one SQL statement per type', async () => {
  await using app = await startFullApp();
  const ids = [
    ...tens(30).map((number) => rowGlobalId('User', number)),
    ...[1, 2, 3, 4].map((number) => rowGlobalId('List', number)),
    ...[1, 2, 3, 4].map((number) => rowGlobalId('Segment', number)),
    ...tens(62).map((number) => rowGlobalId('Event', number)),
  ];
  expect(ids).toHaveLength(100);
  await app.run(ManyNodes, { ids });
  const statements = await app.statementsOf(() => app.run(ManyNodes, { ids }));
  expect(subjects(statements)).toEqual(['events', 'lists', 'segments', 'users']);
});

it('reads in each mutation field what the previous one wrote', async () => {
  await using app = await startApp();
  const answer = await app.send(`mutation {
    one: updateUser(input: { uid: "u1", device: { token: "t1", platform: IOS } }) { ...devices }
    two: updateUser(input: { uid: "u1", device: { token: "t2", platform: IOS } }) { ...devices }
  } fragment devices on UpdateUserPayload { user { devices { token } } }`);
  expect(answer.data).toEqual({
    one: { user: { devices: [{ token: 't1' }] } },
    two: { user: { devices: [{ token: 't2' }, { token: 't1' }] } },
  });
});
