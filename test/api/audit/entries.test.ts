import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { addEvent } from '../../../src/domain/events/add.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { deleteWorkspace } from '../../../src/domain/workspaces/delete.ts';
import { graphql } from '../../generated/gql.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addDevices, addList, addToList, addUser, importUser } from '../../kit/factories.ts';
import { RemoveDevice } from '../../kit/operations/devices.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import {
  ArchiveList,
  CreateList,
  RemoveFromList,
  SetListSubscription,
  UpdateList,
} from '../../kit/operations/lists.ts';
import { CreateUser, DeleteUser, UpdateUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';

const KeyInUse = graphql(`query KeyInUse { viewer { keyId } }`);

const app = await startApp({ ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

let keyId = '';
beforeAll(async () => {
  keyId = (await app.run(KeyInUse)).viewer.keyId;
});

let user = { id: '', uid: '', globalId: '' };
let list = { id: '', globalId: '' };
beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  await app.db.change.deleteMany();
  user = await addUser(app, { uid: 'ada@example.com' });
  list = await addList(app);
});

/** The entries of the audit trail, oldest first, without null values and without what was changed. */
async function trail(workspaceId = app.workspaceId) {
  const entries = await app.db.change.findMany({ where: { workspaceId }, orderBy: { seq: 'asc' } });
  return entries.map(({ workspaceId: _, xid: __, seq: ___, at: ____, changed: _____, ...entry }) =>
    Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== null)),
  );
}

const idOf = async (uid: string) => (await app.db.user.findFirstOrThrow({ where: { uid } })).id;
const device = (token: string) => ({ token, platform: 'IOS' as const });

describe('GraphQL records', () => {
  it('a created user, their device and their lists', async () => {
    const input = { uid: 'bo', device: device('t1'), listIds: [list.globalId] };
    await app.run(CreateUser, { input });
    const userId = await idOf('bo');
    expect(await trail()).toEqual([
      { keyId, action: 'createUser', userId },
      { keyId, action: 'subscribeToList', userId, listId: list.id },
      { keyId, action: 'registerDevice', userId },
    ]);
  });

  it('an updated user, or one created by an update', async () => {
    await app.run(UpdateUser, { input: { uid: user.uid, firstName: 'Ada' } });
    await app.run(UpdateUser, { input: { uid: user.uid, device: device('t1') } });
    await app.run(UpdateUser, { input: { uid: 'bo' } });
    expect(await trail()).toEqual([
      { keyId, action: 'updateUser', userId: user.id },
      { keyId, action: 'registerDevice', userId: user.id },
      { keyId, action: 'updateUser', userId: user.id },
      { keyId, action: 'createUser', userId: await idOf('bo') },
    ]);
  });

  it('a user who receives a uid', async () => {
    const imported = await importUser(app, 'bo@example.com');
    await app.run(UpdateUser, { input: { uid: 'bo', email: 'bo@example.com' } });
    expect(await trail()).toEqual([
      { keyId, action: 'claimUser', userId: imported.id },
      { keyId, action: 'updateUser', userId: imported.id },
    ]);
  });

  it('a deleted user, and keeps earlier entries about it', async () => {
    await app.run(UpdateUser, { input: { uid: user.uid, firstName: 'Ada' } });
    await app.run(DeleteUser, { input: { uid: user.uid } });
    expect(await trail()).toEqual([
      { keyId, action: 'updateUser', userId: user.id },
      { keyId, action: 'deleteUser', userId: user.id },
    ]);
  });

  it('a removed device', async () => {
    await addDevices(app, user, ['t1']);
    await app.run(RemoveDevice, { input: { uid: user.uid, token: 't1' } });
    expect(await trail()).toEqual([{ keyId, action: 'removeDevice', userId: user.id }]);
  });

  it('a list that is created, updated and archived', async () => {
    const { createList } = await app.run(CreateList, { input: { title: 'News' } });
    const listId = 'list' in createList ? createList.list.id : '';
    await app.run(UpdateList, { input: { listId, title: 'Old' } });
    await app.run(ArchiveList, { input: { listId } });
    const { id } = await app.db.list.findFirstOrThrow({ where: { title: 'Old' } });
    expect(await trail()).toEqual([
      { keyId, action: 'createList', listId: id },
      { keyId, action: 'updateList', listId: id },
      { keyId, action: 'archiveList', listId: id },
    ]);
  });

  it('a user who joins, unsubscribes from, subscribes to and leaves a list', async () => {
    const about = { uid: user.uid, listId: list.globalId };
    for (const subscribed of [true, false, true])
      await app.run(SetListSubscription, { input: { ...about, subscribed } });
    await app.run(RemoveFromList, { input: about });
    const entry = { keyId, userId: user.id, listId: list.id };
    expect(await trail()).toEqual([
      { ...entry, action: 'subscribeToList' },
      { ...entry, action: 'unsubscribeFromList' },
      { ...entry, action: 'subscribeToList' },
      { ...entry, action: 'removeFromList' },
    ]);
  });

  it('an event', async () => {
    await app.run(AddEvent, { input: { uid: user.uid, name: 'Paid' } });
    const { id: eventId } = await app.db.event.findFirstOrThrow();
    expect(await trail()).toEqual([{ keyId, action: 'addEvent', userId: user.id, eventId }]);
  });
});

it('REST records the same writes', async () => {
  const rest = restOf(app);
  await rest.post('/v1/users', { id: 'bo', device_token: 't1', device_platform: 'ios', lists: [list.id] });
  const userId = await idOf('bo');
  await rest.put('/v1/users/bo', { first_name: 'Bo' });
  await rest.post('/v1/users/bo/events', { event: 'Paid' });
  await rest.delete('/v1/users/bo/tokens/t1');
  await rest.delete('/v1/users/bo');
  expect(await trail()).toMatchObject([
    { keyId, action: 'createUser', userId },
    { keyId, action: 'subscribeToList', userId, listId: list.id },
    { keyId, action: 'registerDevice', userId },
    { keyId, action: 'updateUser', userId },
    { keyId, action: 'addEvent', userId, eventId: expect.any(String) },
    { keyId, action: 'removeDevice', userId },
    { keyId, action: 'deleteUser', userId },
  ]);
});

it('records no failed writes', async () => {
  const rest = restOf(app);
  await addToList(app, list, user);
  const archived = await addList(app, { archivedAt: new Date() });
  const listId = archived.globalId;
  await app.run(CreateUser, { input: { uid: 'bo', listIds: [listId] } });
  await app.run(UpdateUser, { input: { uid: user.uid, newUid: 'other' } });
  await app.run(UpdateUser, { input: { uid: user.uid, meta: { a: 'x'.repeat(16_000) }, device: device('t1') } });
  await app.db.change.deleteMany();
  await app.run(UpdateUser, { input: { uid: user.uid, meta: { b: 'x'.repeat(16_000) } } });
  await app.run(AddEvent, { input: { uid: 'nobody', name: 'Paid' } });
  await app.run(DeleteUser, { input: { uid: 'nobody' } });
  await app.run(RemoveDevice, { input: { uid: user.uid, token: 'none' } });
  await app.run(SetListSubscription, { input: { uid: user.uid, listId, subscribed: true } });
  await app.run(SetListSubscription, { input: { uid: user.uid, listId, subscribed: false } });
  await app.run(RemoveFromList, { input: { uid: user.uid, listId } });
  await rest.post('/v1/users', { id: 'x-' });
  await app.send(CreateUser, { input: { uid: 'bo' } }, await app.withScopes('users:read'));
  await app.run(DeleteUser, { input: { uid: user.uid } }, app.stranger.owner);
  expect(await trail()).toEqual([]);
  expect(await trail(app.stranger.workspaceId)).toEqual([]);
});

it('performs no write without its entry', async () => {
  await app.db.$executeRaw`ALTER TABLE changes ADD CONSTRAINT nothing_more CHECK (false) NOT VALID`;
  try {
    const about = { uid: user.uid, listId: list.globalId };
    await app.send(AddEvent, { input: { uid: user.uid, name: 'Paid' } });
    await app.send(UpdateUser, { input: { uid: user.uid, firstName: 'Ada' } });
    await app.send(UpdateUser, { input: { uid: user.uid, device: device('t1') } });
    await app.send(CreateUser, { input: { uid: 'bo' } });
    await app.send(CreateList, { input: { title: 'More' } });
    await app.send(SetListSubscription, { input: { ...about, subscribed: true } });
    await app.send(DeleteUser, { input: { uid: user.uid } });
  } finally {
    await app.db.$executeRaw`ALTER TABLE changes DROP CONSTRAINT nothing_more`;
  }
  expect(await app.db.user.findMany({ select: { uid: true, firstName: true } })).toEqual([
    { uid: user.uid, firstName: null },
  ]);
  const counts = [app.db.event.count(), app.db.device.count(), app.db.listMembership.count(), app.db.list.count()];
  expect(await Promise.all(counts)).toEqual([0, 0, 0, 1]);
});

it('records the key of each input that one statement writes', async () => {
  const other = await addUser(app, { uid: 'bo' });
  const statements = await app.statementsOf(() =>
    atOnce(20, (place) =>
      place % 2
        ? addEvent(app.db, actorOf(app, `key${place}`), { uid: 'bo', name: `${place}` })
        : addEvent(app.db, actorOf(app, `key${place}`), { uid: user.uid, name: `${place}` }),
    ),
  );
  expect(statements).toHaveLength(1);
  const events = await app.db.event.findMany();
  const entries = await app.db.change.findMany();
  expect(entries.map(({ keyId, userId, eventId }) => [keyId, userId, eventId]).sort()).toEqual(
    events.map(({ id, name }) => [`key${name}`, Number(name) % 2 ? other.id : user.id, id]).sort(),
  );

  const rename = (uid: string, key: string) => updateUser(app.db, actorOf(app, key), { uid, firstName: 'Ada' });
  const updating = await app.statementsOf(() => Promise.all([rename('bo', 'one'), rename(user.uid, 'two')]));
  expect(updating).toHaveLength(1);
  const updates = (await trail()).slice(20);
  expect(updates).toHaveLength(2);
  expect(updates).toContainEqual({ keyId: 'one', action: 'updateUser', userId: other.id });
  expect(updates).toContainEqual({ keyId: 'two', action: 'updateUser', userId: user.id });
});

it('records the id of a key, with the secret and without, and no personal data', async () => {
  await app.run(UpdateUser, { input: { uid: user.uid, firstName: 'Augusta', number: '+2348012345678' } });
  await app.run(
    graphql(`mutation Seen { addEvent(input: { uid: "ada@example.com", name: "Seen", value: "ada" }) { __typename } }`),
    {},
    app.publicKey,
  );
  expect((await trail()).map((entry) => entry.keyId)).toEqual([keyId, keyId]);
  const rows = await app.db.$queryRaw<{ row: string }[]>`SELECT t::text AS row FROM changes t`;
  expect(rows).toHaveLength(2);
  // The hexadecimal digits of an id can spell a name.
  const ids = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
  for (const { row } of rows) expect(row.replace(ids, '')).not.toMatch(/ada|august|23480|example/i);
});

it('is deleted with its workspace', async () => {
  const workspaceId = app.stranger.workspaceId;
  await app.run(CreateList, { input: { title: 'News' } }, app.stranger.owner);
  expect(await trail(workspaceId)).toHaveLength(1);
  await deleteWorkspace(app.db, workspaceId, { settleMs: 0 });
  expect(await trail(workspaceId)).toEqual([]);
});
