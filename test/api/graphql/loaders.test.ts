import { expect, it } from 'vitest';
import { eventsSource } from '../../../src/domain/events/event.ts';
import { usersSource } from '../../../src/domain/users/read.ts';
import { loadersByWorkspace } from '../../../src/graphql/loaders/index.ts';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import {
  rowGlobalId,
  rowId,
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

/** Starts an app with 30 users, each with a device, two lists, two segments and three events. */
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

/** The table or function that each statement reads first, sorted. */
const subjects = (statements: string[]) => statements.map((sql) => /\bFROM (\w+)/.exec(sql)?.[1] ?? sql).toSorted();

it('reads a page with one statement per type and field, whatever its number of rows', async () => {
  await using app = await startFullApp();
  await app.run(FullPage, { first: 1 });
  const two = await app.statementsOf(() => app.run(FullPage, { first: 2 }));
  const thirty = await app.statementsOf(() => app.run(FullPage, { first: 30 }));
  // Users with devices and events, and their count; lists, segments and the count of events; members of lists and of segments and
  // their counts; the events' users, and their devices.
  expect(two).toHaveLength(11);
  expect(subjects(thirty)).toEqual(subjects(two));
});

const OneUser = graphql(`
  query OneUser($uid: String!, $first: Int) {
    user(uid: $uid) { uid devices { token } events(first: $first) { nodes { name } pageInfo { hasNextPage } } }
  }
`);

it('reads a user with devices and events with one statement, unless requests share the statement of the users', async () => {
  await using app = await startFullApp();
  const read = (uid: string) => app.run(OneUser, { uid, first: 2 });
  const expected = (number: number) => ({
    user: {
      uid: `u${number}`,
      devices: [{ token: `token${number}` }],
      events: { nodes: [expect.anything(), expect.anything()], pageInfo: { hasNextPage: true } },
    },
  });
  await read('u10');
  let answer: unknown;
  const alone = await app.statementsOf(async () => {
    answer = await read('u10');
  });
  expect(answer).toEqual(expected(10));
  expect(alone).toHaveLength(1);
  const answers: unknown[] = [];
  const shared = await app.statementsOf(async () => answers.push(...(await Promise.all(['u10', 'u20'].map(read)))));
  expect(answers).toEqual([expected(10), expected(20)]);
  expect(shared).toHaveLength(3);
});

it('reads aliases of the same field with one statement', async () => {
  await using app = await startFullApp();
  await app.run(Aliases);
  // Users and their count, devices, lists, segments, events and their count.
  expect(await app.statementsOf(() => app.run(Aliases))).toHaveLength(7);
});

it('reads 100 nodes with one statement per type', async () => {
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

it('reads after each mutation of an operation what the previous one wrote', async () => {
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

it('batches loads of equal queries only: different filters of one connection do not share a batch', async () => {
  await using app = await startFullApp();
  const loaders = loadersByWorkspace(app.db.forWorkspace)(app.workspaceId);
  const page = { size: 10, from: 'start' as const };
  const reading = { columns: new Set(['email']), related: [] };
  const statements = await app.statementsOf(async () => {
    const emails = ['u10@example.com', 'u20@example.com', 'u10@example.com'];
    const pages = await Promise.all(
      emails.map((email) => loaders.page(usersSource(app.workspaceId, { email }), page, app.workspaceId, reading)),
    );
    expect(pages.map(({ rows }) => rows.map(({ id }) => id))).toEqual([[rowId(10)], [rowId(20)], [rowId(10)]]);
    const counts = ['Paid', 'Opened'].map((name) =>
      loaders.count(eventsSource(app.workspaceId, { name }), rowId(10), 1_000),
    );
    expect((await Promise.all(counts)).map(({ count }) => count)).toEqual([3, 0]);
  });
  expect(statements).toHaveLength(4);
});
