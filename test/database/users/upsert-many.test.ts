import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { inTransaction } from '../../../src/db/transaction.ts';
import type { Actor } from '../../../src/domain/shared/actor.ts';
import type { UserUpdate } from '../../../src/domain/users/inputs.ts';
import { upsertMany } from '../../../src/domain/users/upsert-many.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addDevices, addList, addToList, addUser, importUser } from '../../kit/factories.ts';

const app = await startApp({ poolSize: 20 });
afterAll(() => app[Symbol.asyncDispose]());

const publicActor = actorOf(app, 'public', 'users:identify');
const fullActor = actorOf(app, 'secret', 'users:identify', 'users:read', 'users:write', 'lists:write');

const EMAIL = 'ada@example.com';
const device = { token: 't1', platform: 'ios' } as const;

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  await app.db.change.deleteMany();
});

const upsert = (actor: Actor, inputs: UserUpdate[]) => inTransaction(app.db, (tx) => upsertMany(tx, actor, inputs));

const actions = async () => (await app.db.change.findMany({ orderBy: { seq: 'asc' } })).map(({ action }) => action);

const many = (count: number, toInput: (place: number) => UserUpdate) =>
  Array.from({ length: count }, (_, place) => toInput(place));

describe('upsertMany', () => {
  it('locks, updates and inserts with one statement each', async () => {
    for (let place = 0; place < 50; place += 1) await addUser(app, { uid: `u${place}`, meta: { plan: 'free' } });
    const inputs = many(100, (place) => ({ uid: `u${place}`, meta: { place } }));
    const statements = await app.statementsOf(async () => {
      expect(await upsert(fullActor, inputs)).toMatchObject(
        inputs.map(({ uid, meta }, place) => ({
          created: place >= 50,
          user: { uid, meta: place < 50 ? { plan: 'free', ...meta } : meta },
        })),
      );
    });
    expect(statements).toHaveLength(5);
    expect((await actions()).sort()).toEqual([...Array(50).fill('createUser'), ...Array(50).fill('updateUser')]);
  });

  it('returns a result or a named error for each input, in order, and writes the others', async () => {
    await addUser(app, { uid: 'taken' });
    await addUser(app, { uid: 'known', email: 'old@example.com' });
    await importUser(app, 'imported@example.com');
    await importUser(app, 'claimed@example.com');
    await addUser(app, { uid: 'full', meta: { a: 'x'.repeat(9_000) } });
    const results = await upsert(fullActor, [
      { uid: 'new', device },
      { uid: 'known', newUid: 'other' },
      { uid: 'imported@example.com', newUid: 'taken', firstName: 'Ada' },
      { uid: 'known', email: EMAIL },
      { uid: 'full', firstName: 'Ada', meta: { b: 'x'.repeat(9_000) } },
      { uid: 'claimer', email: 'claimed@example.com' },
      { uid: 'last' },
    ]);
    expect(results).toMatchObject([
      { user: { uid: 'new' }, created: true },
      { error: { code: 'UID_NOT_UPDATEABLE' } },
      { error: { code: 'UID_TAKEN' } },
      { user: { uid: 'known', email: EMAIL }, created: false },
      { error: { code: 'VALIDATION_FAILED', issues: [{ path: ['meta'], code: 'TOO_LARGE' }] } },
      { user: { uid: 'claimer' }, created: false },
      { user: { uid: 'last' }, created: true },
    ]);
    expect(await app.db.user.count({ where: { firstName: 'Ada' } })).toBe(0);
    expect(await app.db.user.findFirst({ where: { uid: 'full' } })).toMatchObject({ meta: { a: 'x'.repeat(9_000) } });
    const forbidden = await upsert(publicActor, [
      { uid: 'known', email: 'eve@example.com', device: { ...device, token: 'eve' } },
      { uid: 'known', email: 'eve@example.com' },
      { uid: 'taken', newUid: 'x' },
    ]);
    expect(forbidden).toMatchObject(Array(3).fill({ error: { code: 'FORBIDDEN', requiredScope: 'users:write' } }));
    expect(await app.db.user.findFirst({ where: { uid: 'known' } })).toMatchObject({ email: EMAIL });
    expect(await app.db.device.findMany()).toMatchObject([{ token: 't1' }]);
  });

  it('writes attributes that are near their limits but within them', async () => {
    await addUser(app, { uid: 'u1', meta: { a: 'x'.repeat(9_000) } });
    expect(await upsert(fullActor, [{ uid: 'u1', meta: { b: 1 } }])).toMatchObject([{ user: { meta: { b: 1 } } }]);
  });

  it('counts the attributes of callers who may not read users separately', async () => {
    await upsert(publicActor, [{ uid: 'u1', meta: { plan: 'pro' } }]);
    await upsert(fullActor, [{ uid: 'u1', meta: { age: 3 } }]);
    await upsert(publicActor, [{ uid: 'u1', meta: { colour: 'red' } }]);
    expect(await app.db.user.findMany()).toMatchObject([
      { meta: { plan: 'pro', age: 3, colour: 'red' }, publicMeta: { plan: 'pro', colour: 'red' } },
    ]);
  });

  it('writes inputs with the same uid in order', async () => {
    const inputs = many(100, (place) => ({ uid: 'u1', firstName: `${place}`, meta: { [`k${place % 40}`]: place } }));
    const results = await upsert(fullActor, inputs);
    expect(results.map((result) => 'user' in result && [result.created, result.user.firstName])).toEqual(
      inputs.map(({ firstName }, place) => [place === 0, firstName]),
    );
    expect(await app.db.user.findMany()).toMatchObject([{ firstName: '99', meta: { k19: 99, k39: 79 } }]);
  });

  it('writes inputs with the uid that another one sets in order', async () => {
    await importUser(app, EMAIL);
    const results = await upsert(fullActor, [
      { uid: EMAIL, newUid: 'ada' },
      { uid: 'ada', firstName: 'Ada' },
      { uid: EMAIL, lastName: 'L' },
    ]);
    expect(results).toMatchObject([
      { user: { uid: 'ada' }, created: false },
      { user: { uid: 'ada', firstName: 'Ada', email: EMAIL }, created: false },
      { user: { uid: EMAIL, email: null }, created: true },
    ]);
  });

  it('claims an imported user for the first input with the address, and creates users for the others', async () => {
    const { id } = await importUser(app, EMAIL);
    const results = await upsert(fullActor, [
      { uid: 'a', email: EMAIL },
      { uid: 'b', email: EMAIL },
    ]);
    expect(results).toMatchObject([
      { user: { id, uid: 'a' }, created: false },
      { user: { uid: 'b' }, created: true },
    ]);
  });

  it('does not claim an imported user for a public caller, nor one of two with the address', async () => {
    await importUser(app, EMAIL);
    expect(await upsert(publicActor, [{ uid: 'a', email: EMAIL }])).toMatchObject([{ created: true }]);
    await importUser(app, EMAIL, { uid: 'second' });
    expect(await upsert(fullActor, [{ uid: 'b', email: EMAIL }])).toMatchObject([{ created: true }]);
  });
});

describe('the devices of upsertMany', () => {
  const tokensOf = async (uid: string) =>
    (await app.db.device.findMany({ where: { user: { uid } }, orderBy: { lastSeenAt: 'desc' } })).map(
      ({ token }) => token,
    );

  it('belong to the last input with the token', async () => {
    const results = await upsert(
      publicActor,
      many(10, (place) => ({ uid: `u${place}`, device })),
    );
    expect(results).toMatchObject(Array(10).fill({ created: true }));
    expect(await app.db.device.count()).toBe(1);
    expect(await tokensOf('u9')).toEqual(['t1']);
  });

  it('replace the oldest of a user beyond the limit, and move from other users, which is recorded', async () => {
    const known = await addUser(app, { uid: 'known' });
    const other = await addUser(app, { uid: 'other' });
    await addDevices(app, known, ['a', 'b', 'c', 'd', 'e']);
    await addDevices(app, other, ['f', 'g']);
    await upsert(publicActor, [
      { uid: 'known', device: { token: 'z', platform: 'ios' } },
      { uid: 'known', device: { token: 'f', platform: 'android' } },
      { uid: 'new', device: { token: 'e', platform: 'ios' } },
    ]);
    expect(await tokensOf('known')).toEqual(['f', 'z', 'd', 'c', 'b']);
    expect(await tokensOf('other')).toEqual(['g']);
    expect(await tokensOf('new')).toEqual(['e']);
    const changes = await app.db.change.findMany({ where: { action: 'removeDevice' } });
    expect(changes.map(({ userId }) => userId).sort()).toEqual([known.id, other.id].sort());
    expect((await actions()).filter((action) => action === 'registerDevice')).toHaveLength(3);
  });

  it('are the newest of many in one request', async () => {
    await upsert(
      publicActor,
      many(8, (place) => ({ uid: 'u1', device: { token: `${8 - place}`, platform: 'ios' } })),
    );
    expect(await tokensOf('u1')).toEqual(['1', '2', '3', '4', '5']);
  });

  it('are not registered for an input that fails', async () => {
    await addUser(app, { uid: 'u1', email: EMAIL });
    const results = await upsert(publicActor, [{ uid: 'u1', email: 'eve@example.com', device }]);
    expect(results).toMatchObject([{ error: { code: 'FORBIDDEN' } }]);
    expect(await app.db.device.count()).toBe(0);
  });
});

describe('the lists of upsertMany', () => {
  it('get the users, and those who have unsubscribed', async () => {
    const news = await addList(app);
    const offers = await addList(app);
    const user = await addUser(app, { uid: 'known' });
    await addToList(app, news, user, false);
    const listIds = [news.id, offers.id, news.id];
    expect(
      await upsert(fullActor, [
        { uid: 'known', listIds },
        { uid: 'new', listIds },
        { uid: 'new', listIds: [news.id] },
      ]),
    ).toMatchObject([{ created: false }, { created: true }, { created: false }]);
    expect(await app.db.listMembership.count({ where: { subscribed: true } })).toBe(4);
    expect((await actions()).filter((action) => action === 'subscribeToList')).toHaveLength(4);
  });

  it('fail alone if they are archived or unknown', async () => {
    const archived = await addList(app, { archivedAt: new Date() });
    const member = await addUser(app, { uid: 'member' });
    await addToList(app, archived, member, false);
    const listIds = [archived.id];
    const unknown = app.stranger.workspaceId;
    expect(
      await upsert(fullActor, [
        { uid: 'member', listIds },
        { uid: 'u1', listIds },
        { uid: 'u2', listIds: [unknown] },
        { uid: 'u3' },
      ]),
    ).toMatchObject([
      { user: { uid: 'member' } },
      { error: { issues: [{ path: ['listIds', '0'], code: 'LIST_ARCHIVED' }] } },
      { error: { code: 'NOT_FOUND', resource: 'List' } },
      { created: true },
    ]);
    expect(await app.db.user.count()).toBe(2);
    expect(await app.db.listMembership.findMany()).toMatchObject([{ subscribed: true }]);
    expect((await actions()).filter((action) => action === 'subscribeToList')).toHaveLength(1);
    const [forbidden] = await upsert(publicActor, [{ uid: 'u4', listIds: [] }]);
    expect(forbidden).toMatchObject({ created: true });
    expect(await upsert(publicActor, [{ uid: 'u5', listIds }])).toMatchObject([
      { error: { code: 'FORBIDDEN', requiredScope: 'lists:write' } },
    ]);
  });
});

describe('concurrent calls of upsertMany', () => {
  it('write the same users in opposite order without a deadlock', async () => {
    const news = await addList(app);
    const inputs = many(100, (place) => ({
      uid: `u${place}`,
      meta: { place },
      listIds: [news.id],
      device: { token: `t${place % 30}`, platform: 'ios' },
    }));
    for (let round = 0; round < 5; round += 1) {
      const results = await atOnce(6, (place) => upsert(fullActor, place % 2 === 0 ? inputs : inputs.toReversed()));
      expect(results.flat().filter((result) => 'error' in result)).toEqual([]);
    }
    expect(await app.db.user.count()).toBe(100);
    expect(await app.db.device.count()).toBe(30);
  });

  it('give an imported user to one of them', async () => {
    await importUser(app, EMAIL);
    const results = await atOnce(10, (place) => upsert(fullActor, [{ uid: `u${place}`, email: EMAIL }]));
    expect(results.flat().filter((result) => 'created' in result && !result.created)).toHaveLength(1);
    expect(await app.db.user.count()).toBe(10);
  });
});

it('upsertMany changes no user of another workspace', async () => {
  await addUser({ db: app.db, workspaceId: app.stranger.workspaceId }, { uid: 'u1', email: EMAIL });
  await importUser({ db: app.db, workspaceId: app.stranger.workspaceId }, 'imported@example.com');
  const results = await upsert(fullActor, [
    { uid: 'u1', firstName: 'Eve' },
    { uid: 'u2', email: 'imported@example.com' },
  ]);
  expect(results).toMatchObject([{ created: true }, { created: true }]);
  expect(await app.db.user.count({ where: { workspaceId: app.stranger.workspaceId, firstName: null } })).toBe(2);
});
