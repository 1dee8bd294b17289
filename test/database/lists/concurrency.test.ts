import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addDevices, addList, addToList, addUser } from '../../kit/factories.ts';
import { ArchiveList, RemoveFromList, SetListSubscription } from '../../kit/operations/lists.ts';
import { CreateUser, DeleteUser } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const POOL = { poolSize: 20, limits: longTimeouts };

type App = Awaited<ReturnType<typeof startApp>>;

/** Archives a list, and returns the number of its members at that time. */
async function archive(app: App, listId: string) {
  await app.run(ArchiveList, { input: { listId } });
  return app.db.listMembership.count();
}

it('archives a list only after 50 in-flight subscriptions', async () => {
  await using app = await startApp({ ...POOL, poolSize: 90 });
  const { globalId: listId } = await addList(app);
  const users = await atOnce(50, () => addUser(app));
  const { answers, archived } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM users WHERE workspace_id = ${app.workspaceId}::uuid FOR UPDATE`;
    const answers = Promise.all(
      users.map(({ uid }) => app.run(SetListSubscription, { input: { uid, listId, subscribed: true } })),
    );
    await untilWaiting(app, 50);
    const archived = archive(app, listId);
    await untilWaiting(app, 51);
    return { answers, archived };
  });
  expect(tally((await answers).map(({ setListSubscription }) => setListSubscription.__typename))).toEqual({
    SetListSubscriptionPayload: 50,
  });
  expect(await archived).toBe(50);
});

it('archives a list only after 50 users that are being created with it', async () => {
  await using app = await startApp({ ...POOL, poolSize: 90 });
  const { globalId: listId } = await addList(app);
  await addDevices(app, await addUser(app), ['shared']);
  const device = { token: 'shared', platform: 'IOS' } as const;
  const { answers, archived } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT token FROM devices WHERE workspace_id = ${app.workspaceId}::uuid FOR UPDATE`;
    const answers = atOnce(50, (place) =>
      app.run(CreateUser, { input: { uid: `u${place}`, listIds: [listId], device } }),
    );
    await untilWaiting(app, 50);
    const archived = archive(app, listId);
    await untilWaiting(app, 51);
    return { answers, archived };
  });
  expect(tally((await answers).map(({ createUser }) => createUser.__typename))).toEqual({ CreateUserPayload: 50 });
  expect(await archived).toBe(50);
});

it('adds no member to a list after it is archived during 60 concurrent subscriptions', async () => {
  await using app = await startApp(POOL);
  const { globalId: listId } = await addList(app);
  await atOnce(60, (place) => addUser(app, { uid: `u${place}` }));
  const subscribe = (uid: string) => app.run(SetListSubscription, { input: { uid, listId, subscribed: true } });
  const answers = await atOnce(61, async (place) => {
    if (place !== 20) return (await subscribe(`u${place === 60 ? 20 : place}`)).setListSubscription.__typename;
    const { archiveList } = await app.run(ArchiveList, { input: { listId } });
    const members = await app.db.listMembership.count();
    return `${archiveList.__typename} ${members}`;
  });
  const { SetListSubscriptionPayload: joined = 0, ListArchivedError: rejected = 0, ...others } = tally(answers);
  const members = await app.db.listMembership.count();
  expect(joined + rejected).toBe(60);
  expect(members).toBe(joined);
  expect(others).toEqual({ [`ArchiveListPayload ${members}`]: 1 });
});

it('creates no user with a list after it is archived', async () => {
  await using app = await startApp(POOL);
  const { globalId: listId } = await addList(app);
  const answers = await atOnce(61, async (place) => {
    if (place === 20) return (await app.run(ArchiveList, { input: { listId } })).archiveList.__typename;
    return (await app.run(CreateUser, { input: { uid: `u${place}`, listIds: [listId] } })).createUser.__typename;
  });
  const { CreateUserPayload: created = 0, ValidationError: rejected = 0, ...others } = tally(answers);
  expect(others).toEqual({ ArchiveListPayload: 1 });
  expect(created + rejected).toBe(60);
  expect(await app.db.user.count()).toBe(created);
  expect(await app.db.listMembership.count()).toBe(created);
});

it('creates one membership for 60 concurrent subscriptions of one user', async () => {
  await using app = await startApp(POOL);
  const { globalId: listId } = await addList(app);
  const { uid } = await addUser(app);
  const answers = await atOnce(60, () => app.run(SetListSubscription, { input: { uid, listId, subscribed: true } }));
  expect(tally(answers.map(({ setListSubscription }) => setListSubscription.__typename))).toEqual({
    SetListSubscriptionPayload: 60,
  });
  expect(await app.db.listMembership.count()).toBe(1);
});

it('creates 60 users concurrently with the same lists in different orders', async () => {
  await using app = await startApp(POOL);
  const lists = await atOnce(5, () => addList(app));
  const listIds = lists.map(({ globalId }) => globalId);
  const answers = await atOnce(60, (place) =>
    app.run(CreateUser, { input: { uid: `u${place}`, listIds: place % 2 ? listIds : listIds.toReversed() } }),
  );
  expect(tally(answers.map(({ createUser }) => createUser.__typename))).toEqual({ CreateUserPayload: 60 });
  expect(await app.db.listMembership.count()).toBe(300);
});

it('leaves no membership behind if a user is deleted during concurrent subscriptions and removals', async () => {
  await using app = await startApp(POOL);
  const list = await addList(app);
  const user = await addUser(app);
  await addToList(app, list, user);
  const input = { uid: user.uid, listId: list.globalId };
  const answers = await atOnce(60, async (place) => {
    if (place === 30) return (await app.run(DeleteUser, { input: { uid: user.uid } })).deleteUser.__typename;
    if (place % 3 === 0) return (await app.run(RemoveFromList, { input })).removeFromList.__typename;
    const subscribed = place % 3 === 1;
    return (await app.run(SetListSubscription, { input: { ...input, subscribed } })).setListSubscription.__typename;
  });
  const { SetListSubscriptionPayload = 0, RemoveFromListPayload = 0, NotFoundError = 0, ...others } = tally(answers);
  expect(others).toEqual({ DeleteUserPayload: 1 });
  expect(SetListSubscriptionPayload + RemoveFromListPayload + NotFoundError).toBe(59);
  expect(await app.db.listMembership.count()).toBe(0);
});
