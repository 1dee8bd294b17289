import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { createUser } from '../../../src/domain/users/create.ts';
import type { UserUpdate } from '../../../src/domain/users/inputs.ts';
import { insertUsers } from '../../../src/domain/users/insert-users.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addDevices, addUser, importUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';

const app = await startApp({ poolSize: 20 });
afterAll(() => app[Symbol.asyncDispose]());

const publicActor = actorOf(app, 'public', 'users:identify');
const fullActor = actorOf(app, 'secret', 'users:identify', 'users:read', 'users:write');

const EMAIL = 'ada@example.com';
const device = { token: 't1', platform: 'ios' } as const;

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.change.deleteMany();
});

const actions = async () => (await app.db.change.findMany({ orderBy: { seq: 'asc' } })).map(({ action }) => action);

describe('an update of an unknown uid', () => {
  const inputs: [string, Omit<UserUpdate, 'uid'>][] = [
    ['the uid alone', {}],
    ['a profile', { firstName: 'Ada', number: '+2348012345678', meta: { plan: 'pro' }, createdAt: new Date() }],
    ['an address', { email: EMAIL }],
    ['a device', { device }],
    ['an address and a device', { email: EMAIL, device, removeMeta: ['age'] }],
    ['null for every field', { firstName: null, email: null, meta: null, device: null }],
  ];

  describe.each([
    ['the public key', publicActor],
    ['full authentication', fullActor],
  ])('with %s', (_name, actor) => {
    it.each(inputs)('costs at most two statements: %s', async (_input, fields) => {
      const statements = await app.statementsOf(async () => {
        expect(await updateUser(app.db, actor, { uid: 'u1', ...fields })).toMatchObject({ created: true });
      });
      expect(statements.length).toBeLessThanOrEqual(2);
      expect(await actions()).toEqual(fields.device ? ['createUser', 'registerDevice'] : ['createUser']);
    });
  });

  it('costs at most two statements in both APIs', async () => {
    const key = app.publicKey;
    await app.run(IdentifyUser, { input: { uid: 'first' } }, key);
    const input = { email: EMAIL, device: { token: 't1', platform: 'IOS' } } as const;
    const graphql = await app.statementsOf(() => app.run(IdentifyUser, { input: { uid: 'u1', ...input } }, key));
    expect(graphql.length).toBeLessThanOrEqual(2);
    const body = { email: EMAIL, device_token: 't2', device_platform: 'ios' };
    const rest = await app.statementsOf(() => restOf(app, key).put('/v1/users/u2', body));
    expect(rest.length).toBeLessThanOrEqual(2);
    expect(await app.db.device.findMany({ select: { token: true }, orderBy: { token: 'asc' } })).toEqual([
      { token: 't1' },
      { token: 't2' },
    ]);
  });

  it('takes two statements for many concurrent ones', async () => {
    const statements = await app.statementsOf(() =>
      atOnce(50, (place) => updateUser(app.db, fullActor, { uid: `u${place}`, email: `${place}@example.com` })),
    );
    expect(statements).toHaveLength(2);
    expect(await app.db.user.count()).toBe(50);
  });

  it('stores what was sent, as a creation does', async () => {
    const createdAt = new Date('2021-01-12T05:24:39.062Z');
    const profile = { firstName: 'Ada', lastName: 'Lovelace', number: '+2348012345678', email: EMAIL, createdAt };
    await updateUser(app.db, publicActor, { uid: 'u1', ...profile, meta: { plan: 'pro' }, device });
    await createUser(app.db, publicActor, { uid: 'u2', ...profile, meta: { plan: 'pro' }, device });
    const users = await app.db.user.findMany({ orderBy: { uid: 'asc' } });
    const stored = { ...profile, meta: { plan: 'pro' }, publicMeta: { plan: 'pro' }, uidUpdateable: false };
    expect(users).toMatchObject([stored, stored]);
    expect(await app.db.device.findMany()).toMatchObject([{ token: 't1', userId: users[1]?.id }]);
  });

  it('creates a user whose address two users with updateable uids have, and claims the only one', async () => {
    await importUser(app, EMAIL);
    expect(await updateUser(app.db, fullActor, { uid: 'u1', email: EMAIL })).toMatchObject({ created: false });
    await importUser(app, EMAIL);
    await importUser(app, EMAIL, { uid: 'second' });
    expect(await updateUser(app.db, fullActor, { uid: 'u2', email: EMAIL })).toMatchObject({ created: true });
  });
});

describe('an update of a user who exists', () => {
  it('takes one statement, and one for many concurrent ones', async () => {
    for (let place = 0; place < 20; place += 1) await addUser(app, { uid: `u${place}`, email: EMAIL });
    const update = (place: number) =>
      updateUser(app.db, publicActor, { uid: `u${place}`, email: EMAIL, lastName: 'L' });
    expect(await app.statementsOf(() => update(0))).toHaveLength(1);
    expect(await app.statementsOf(() => atOnce(20, update))).toHaveLength(1);
  });

  it('takes six statements with a device: a lookup, BEGIN, the lock, the device, the update, COMMIT', async () => {
    const user = await addUser(app, { uid: 'u1' });
    await addDevices(app, user, ['a', 'b', 'c', 'd', 'e']);
    const update = () => updateUser(app.db, publicActor, { uid: 'u1', device });
    expect(await app.statementsOf(update)).toHaveLength(6);
    const tokens = (await app.db.device.findMany({ orderBy: { lastSeenAt: 'desc' } })).map(({ token }) => token);
    expect(tokens).toEqual(['t1', 'e', 'd', 'c', 'b']);
  });
});

describe('concurrent updates', () => {
  it('take one statement for users who exist and another for those who do not', async () => {
    for (let place = 0; place < 50; place += 1) await addUser(app, { uid: `u${place}`, meta: { plan: 'free' } });
    const inputs = Array.from({ length: 100 }, (_, place) => ({ uid: `u${place}`, meta: { place } }));
    const statements = await app.statementsOf(async () => {
      const results = await Promise.all(inputs.map((input) => updateUser(app.db, fullActor, input)));
      expect(results).toMatchObject(
        inputs.map(({ uid, meta }, place) => ({
          created: place >= 50,
          user: { uid, meta: place < 50 ? { plan: 'free', ...meta } : meta },
        })),
      );
    });
    expect(statements).toHaveLength(2);
    expect((await actions()).sort()).toEqual([...Array(50).fill('createUser'), ...Array(50).fill('updateUser')]);
  });

  it('of one uid are written in order', async () => {
    const inputs = Array.from({ length: 100 }, (_, place) => ({ uid: 'u1', firstName: `${place}`, meta: { place } }));
    const results = await Promise.all(inputs.map((input) => updateUser(app.db, fullActor, input)));
    expect(results.map(({ created, user }) => [created, user.firstName])).toEqual(
      inputs.map(({ firstName }, place) => [place === 0, firstName]),
    );
    expect(await app.db.user.findMany()).toMatchObject([{ firstName: '99', meta: { place: 99 } }]);
  });

  it('move a token that several new users send to one of them', async () => {
    const results = await atOnce(10, (place) => updateUser(app.db, publicActor, { uid: `u${place}`, device }));
    expect(results).toMatchObject(Array(10).fill({ created: true }));
    expect(await app.db.device.count()).toBe(1);
  });

  it('are written although one of them cannot be', async () => {
    const results = await Promise.allSettled(
      [{ uid: 'u1' }, { uid: 'u\u0000' }, { uid: 'u2' }].map((input) => updateUser(app.db, publicActor, input)),
    );
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(await app.db.user.count()).toBe(2);
  });

  it('of other users go on while another transaction is inserting one of them', async () => {
    await addUser(app, { uid: 'u0' });
    const waiting = await app.db.$transaction(async (tx) => {
      const now = new Date();
      await tx.user.create({
        data: { workspaceId: app.workspaceId, id: app.workspaceId, uid: 'u1', createdAt: now, updatedAt: now },
      });
      const inputs = [{ uid: 'u0' }, { uid: 'u1', firstName: 'Ada' }, { uid: 'u2' }];
      const results = Promise.all(inputs.map((input) => updateUser(app.db, publicActor, input)));
      await new Promise((resolve) => setTimeout(resolve, 2_500));
      return { results };
    });
    expect(await waiting.results).toMatchObject([
      { created: false },
      { user: { firstName: 'Ada' }, created: false },
      { user: { uid: 'u2' }, created: true },
    ]);
  });
});

describe('insertUsers', () => {
  it('inserts the same users on two connections in opposite order without a deadlock', async () => {
    const users = Array.from({ length: 200 }, (_, place) => ({
      actorName: publicActor.actorName,
      canRead: false,
      input: { uid: `u${place}` },
    }));
    for (let round = 0; round < 10; round += 1) {
      await app.db.user.deleteMany();
      const results = await Promise.all([
        insertUsers(app.db, app.workspaceId, users),
        insertUsers(app.db, app.workspaceId, users.toReversed()),
      ]);
      expect(results.flat().filter((user) => user !== undefined)).toHaveLength(users.length);
    }
  });

  it('generates ids in the order of the inputs', async () => {
    const users = ['c', 'a', 'b'].map((uid) => ({ actorName: publicActor.actorName, canRead: false, input: { uid } }));
    const inserted = await insertUsers(app.db, app.workspaceId, users);
    expect(inserted.map((user) => user?.uid)).toEqual(['c', 'a', 'b']);
    const ids = inserted.map((user) => user?.id);
    expect(ids).toEqual(ids.toSorted());
  });
});
