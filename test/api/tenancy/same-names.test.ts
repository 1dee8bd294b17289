import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { rowGlobalId, seedEvents, seedListMembers, seedSegmentMembers } from '../../kit/seed-rows.ts';

const PutUser = graphql(`
  mutation PutUser($input: UpdateUserInput!) {
    updateUser(input: $input) { ... on UpdateUserPayload { created user { id } } ... on Error { code } }
  }
`);

const UserOfUid = graphql(`
  query UserOfUid($uid: String!) {
    user(uid: $uid) { id firstName devices { token } }
  }
`);

const DropUser = graphql(`
  mutation DropUser($uid: String!) {
    deleteUser(input: { uid: $uid }) { ... on DeleteUserPayload { uid } ... on Error { code } }
  }
`);

const EverythingOf = graphql(`
  query EverythingOf($ids: [ID!]!) {
    nodes(ids: $ids) {
      ... on User { email lists { list { title } } segments { segment { name } } events { totalCount nodes { name } } }
      ... on List { members { totalCount edges { node { email } } } }
      ... on Segment { members { totalCount nodes { email } } }
      ... on Event { name user { email } }
    }
  }
`);

const device = (token: string) => ({ token, platform: 'IOS' as const });

it('keeps users of two workspaces with the same uid apart', async () => {
  await using app = await startApp();
  await app.run(PutUser, { input: { uid: 'u1', firstName: 'Ada' } });
  const { updateUser } = await app.run(PutUser, { input: { uid: 'u1', firstName: 'Bo' } }, app.stranger.owner);
  expect(updateUser).toMatchObject({ created: true });
  expect(await app.run(UserOfUid, { uid: 'u1' })).toMatchObject({ user: { firstName: 'Ada' } });
  expect(await app.run(UserOfUid, { uid: 'u1' }, app.stranger.owner)).toMatchObject({ user: { firstName: 'Bo' } });
});

it('deletes only the user of its own workspace', async () => {
  await using app = await startApp();
  for (const caller of [app.owner, app.stranger.owner]) await app.run(PutUser, { input: { uid: 'u1' } }, caller);
  await app.run(DropUser, { uid: 'u1' });
  expect(await app.run(UserOfUid, { uid: 'u1' })).toEqual({ user: null });
  expect(await app.run(UserOfUid, { uid: 'u1' }, app.stranger.owner)).toMatchObject({ user: { devices: [] } });
});

it('does not move a device token that a user of another workspace has', async () => {
  await using app = await startApp();
  const input = { uid: 'u1', device: device('shared') };
  await app.run(PutUser, { input }, app.stranger.owner);
  await app.run(PutUser, { input });
  await app.run(PutUser, { input: { ...input, uid: 'u2' } });
  expect(await app.run(UserOfUid, { uid: 'u1' })).toMatchObject({ user: { devices: [] } });
  expect(await app.run(UserOfUid, { uid: 'u1' }, app.stranger.owner)).toMatchObject({
    user: { devices: [{ token: 'shared' }] },
  });
});

it('does not set the uid of a user of another workspace with the same e-mail address', async () => {
  await using app = await startApp();
  const email = 'a@example.com';
  const data = { uid: email, email, uidUpdateable: true, createdAt: new Date(), updatedAt: new Date() };
  const id = '01900000-0000-7000-8000-000000000001';
  await app.db.user.create({ data: { ...data, id, workspaceId: app.stranger.workspaceId } });
  const { updateUser } = await app.run(PutUser, { input: { uid: 'u1', email } });
  expect(updateUser).toMatchObject({ created: true });
  expect(await app.run(UserOfUid, { uid: email }, app.stranger.owner)).toMatchObject({
    user: { id: rowGlobalId('User', 1) },
  });
});

it('keeps rows of two workspaces with the same ids apart', async () => {
  await using app = await startApp();
  const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
  for (const place of [app, stranger]) {
    await seedListMembers(place, 1, [1]);
    await seedSegmentMembers(place, 1, [1]);
    await seedEvents(place, 1, [1], place === app ? 'Ours' : 'Theirs');
  }
  for (const seed of [seedListMembers, seedSegmentMembers]) await seed(stranger, 1, [2, 3]);
  await app.db
    .$executeRaw`UPDATE users SET email = 'them@example.com' WHERE workspace_id = ${stranger.workspaceId}::uuid`;
  await app.db.$executeRaw`UPDATE lists SET title = 'Theirs' WHERE workspace_id = ${stranger.workspaceId}::uuid`;
  await app.db.$executeRaw`UPDATE segments SET name = 'Theirs' WHERE workspace_id = ${stranger.workspaceId}::uuid`;
  const ids = (['User', 'List', 'Segment', 'Event'] as const).map((type) => rowGlobalId(type, 1));
  const email = 'u1@example.com';
  expect((await app.run(EverythingOf, { ids })).nodes).toEqual([
    {
      email,
      lists: [{ list: { title: 'List 1' } }],
      segments: [{ segment: { name: 'Segment 1' } }],
      events: { totalCount: 1, nodes: [{ name: 'Ours' }] },
    },
    { members: { totalCount: 1, edges: [{ node: { email } }] } },
    { members: { totalCount: 1, nodes: [{ email }] } },
    { name: 'Ours', user: { email } },
  ]);
});
