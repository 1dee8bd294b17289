import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser, importUser } from '../../kit/factories.ts';
import { type RestCaller, restOf } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let rest: RestCaller;

beforeAll(async () => {
  app = await startApp();
  rest = restOf(app);
});
afterAll(() => app[Symbol.asyncDispose]());

describe('POST /users', () => {
  it('accepts a number as the id', async () => {
    expect(await rest.post('/v1/users', { id: 144 })).toMatchObject({ status: 200, body: { uid: '144' } });
  });

  it.each([-1, 1.5, 2 ** 53])('rejects the number %s as the id', async (id) => {
    expect(await rest.post('/v1/users', { id })).toMatchObject({ status: 400, body: { issues: [{ path: ['id'] }] } });
  });

  it('accepts null for unknown values', async () => {
    const unknown = { first_name: null, number: null, email: null, meta: null, lists: null, created_at: null };
    const device = { device_token: null, device_platform: null };
    expect(await rest.post('/v1/users', { id: 'nulls', ...unknown, ...device })).toMatchObject({
      status: 200,
      body: { first_name: null, number: null, email: null, meta: {}, lists: [], devices: [] },
    });
  });

  it('subscribes to lists by their ids, regardless of case', async () => {
    const list = await addList(app);
    const sent = { id: 'listed', lists: [list.id.toUpperCase()] };
    expect(await rest.post('/v1/users', sent)).toMatchObject({ body: { lists: [{ id: list.id, subscribed: true }] } });
  });

  it('rejects an unknown list without creating the user', async () => {
    expect(await rest.post('/v1/users', { id: 'nolist', lists: [randomUUID()] })).toMatchObject({ status: 400 });
    expect(await rest.get('/v1/users/nolist')).toMatchObject({ status: 404 });
  });

  it('rejects another workspace’s list like an unknown one', async () => {
    const { id } = await addList({ ...app, ...app.stranger });
    const answer = await rest.post('/v1/users', { id: 'foreign', lists: [id] });
    expect(answer).toEqual(await rest.post('/v1/users', { id: 'foreign', lists: [randomUUID()] }));
  });

  it('rejects an archived list and names its position', async () => {
    const open = await addList(app);
    const archived = await addList(app, { archivedAt: new Date() });
    const answer = await rest.post('/v1/users', { id: 'archived', lists: [open.id, archived.id] });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^lists\.1 /), issues: [{ path: ['lists', '1'] }] },
    });
    expect(await rest.get('/v1/users/archived')).toMatchObject({ status: 404 });
  });

  it('reports all errors at once, with the names of REST', async () => {
    const sent = { id: 'a-b', number: 'x', email: 'y', device_token: 't', created_at: 'z', meta: { a: {} } };
    const answer = await rest.post('/v1/users', sent);
    const issues = ['id', 'number', 'email', 'created_at', 'device_platform'].map((name) =>
      expect.objectContaining({ path: [name] }),
    );
    expect(answer).toMatchObject({ status: 400, body: { issues: expect.arrayContaining(issues) } });
  });
});

describe('PUT /users/{uid}', () => {
  it('creates an unknown user, even without a body', async () => {
    expect(await rest.put('/v1/users/fresh')).toMatchObject({ status: 200, body: { uid: 'fresh', meta: {} } });
    expect(await rest.get('/v1/users/fresh')).toMatchObject({ status: 200 });
  });

  it('keeps omitted fields, and clears fields that are null', async () => {
    const { uid } = await addUser(app, { firstName: 'Ada', lastName: 'Lovelace', number: '+2348012345678' });
    expect(await rest.put(`/v1/users/${uid}`, { first_name: null, number: null })).toMatchObject({
      body: { first_name: null, number: null, last_name: 'Lovelace' },
    });
  });

  it('clears all attributes if meta is null', async () => {
    const { uid } = await addUser(app, { meta: { plan: 'pro' } });
    expect(await rest.put(`/v1/users/${uid}`, { meta: null })).toMatchObject({ status: 200, body: { meta: {} } });
  });

  it('keeps attributes if meta is empty, which clients send with every identification', async () => {
    const { uid } = await addUser(app, { meta: { plan: 'pro' } });
    expect(await rest.put(`/v1/users/${uid}`, { id: uid, meta: {} })).toMatchObject({
      body: { meta: { plan: 'pro' } },
    });
  });

  it('sets the uid of the imported user with the e-mail address, once', async () => {
    const { id, uid: email } = await importUser(app, 'imported@example.com');
    const { body } = await rest.put('/v1/users/claimed', { email });
    expect(body).toMatchObject({ id, uid: 'claimed' });
    expect(body).not.toHaveProperty('uid_updateable');
  });

  it.each([
    ['with the secret', () => app.owner, 200],
    ['not with the public key alone', () => app.publicKey, 403],
  ])('changes an e-mail address %s', async (_name, caller, status) => {
    const { uid } = await addUser(app, { email: 'old@example.com' });
    const answer = await restOf(app, caller()).put(`/v1/users/${uid}`, { email: 'new@example.com' });
    expect(answer.status).toBe(status);
  });

  describe('lists', () => {
    const membershipsOf = async (uid: string) =>
      (await app.db.listMembership.findMany({ where: { user: { uid } }, orderBy: { listId: 'asc' } })).map(
        ({ listId, subscribed }) => [listId, subscribed],
      );

    it('subscribes a user, who stays on other lists, and subscribes again who has unsubscribed', async () => {
      const [kept, left, joined] = [await addList(app), await addList(app), await addList(app)];
      const user = await addUser(app);
      await addToList(app, kept, user);
      await addToList(app, left, user, false);
      const lists = [left.id.toUpperCase(), joined.id, joined.id];
      const { status, body } = await rest.put(`/v1/users/${user.uid}`, { lists, first_name: 'Ada' });
      expect({ status, body }).toMatchObject({ status: 200, body: { first_name: 'Ada' } });
      expect(body).toHaveProperty(
        'lists',
        [joined, left, kept].map(({ id }) => ({ id, subscribed: true })),
      );
      expect(await membershipsOf(user.uid)).toEqual([kept, left, joined].map(({ id }) => [id, true]));
      const actions = await app.db.change.findMany({ where: { userId: user.id, action: 'subscribeToList' } });
      expect(actions).toHaveLength(2);
    });

    it('subscribes a user whom the update creates, with a device', async () => {
      const list = await addList(app);
      const sent = { lists: [list.id], device_token: 'put-lists', device_platform: 'ios' };
      expect(await rest.put('/v1/users/newsubscriber', sent)).toMatchObject({
        status: 200,
        body: { lists: [{ id: list.id, subscribed: true }], devices: [{ token: 'put-lists' }] },
      });
    });

    it('changes nothing if a list is unknown or archived', async () => {
      const archived = await addList(app, { archivedAt: new Date() });
      const open = await addList(app);
      const { uid } = await addUser(app, { firstName: 'Ada' });
      const send = (id: string) => rest.put(`/v1/users/${uid}`, { lists: [open.id, id], first_name: 'Bo' });
      expect(await send(randomUUID())).toMatchObject({ status: 400, body: { code: 'NOT_FOUND' } });
      expect(await send(archived.id)).toMatchObject({
        status: 400,
        body: { issues: [{ path: ['lists', '1'], code: 'LIST_ARCHIVED' }] },
      });
      expect(await rest.get(`/v1/users/${uid}`)).toMatchObject({ body: { first_name: 'Ada', lists: [] } });
    });

    it('subscribes a member of an archived list again', async () => {
      const archived = await addList(app, { archivedAt: new Date() });
      const user = await addUser(app);
      await addToList(app, archived, user, false);
      expect(await rest.put(`/v1/users/${user.uid}`, { lists: [archived.id] })).toMatchObject({
        status: 200,
        body: { lists: [{ id: archived.id, subscribed: true }] },
      });
    });

    it('requires lists:write, whether or not the user exists; an empty or absent list does not', async () => {
      const list = await addList(app);
      const { uid } = await addUser(app);
      const visitor = restOf(app, app.publicKey);
      for (const path of [`/v1/users/${uid}`, '/v1/users/unsubscribable']) {
        expect(await visitor.put(path, { lists: [list.id] })).toMatchObject({
          status: 403,
          body: { code: 'FORBIDDEN', error: expect.stringContaining('lists:write') },
        });
      }
      expect(await visitor.put(`/v1/users/${uid}`, { lists: [] })).toEqual({ status: 200, body: { uid } });
      expect(await visitor.put(`/v1/users/${uid}`, { lists: null })).toEqual({ status: 200, body: { uid } });
    });

    it('runs concurrently with updates, subscriptions and other users without errors', async () => {
      const lists = [await addList(app), await addList(app)].map(({ id }) => id);
      const statuses = await Promise.all(
        Array.from({ length: 50 }, async (_, number) => {
          const order = number % 2 === 0 ? lists : lists.toReversed();
          const { status } = await rest.put(`/v1/users/concurrent${number % 5}`, { lists: order, meta: { number } });
          return status;
        }),
      );
      expect(new Set(statuses)).toEqual(new Set([200]));
      expect(await membershipsOf('concurrent0')).toHaveLength(2);
    });
  });

  it('updates an existing user without lists with one statement before the reads', async () => {
    const { uid } = await addUser(app);
    const sent = { is_account: true, tz: 'UTC', meta: { plan: 'pro', old: null } };
    const statements = await app.statementsOf(() => restOf(app, app.publicKey).put(`/v1/users/${uid}`, sent));
    expect(statements.filter((text) => !text.includes('api_keys'))).toHaveLength(1);
  });

  it('rejects a device token without its platform', async () => {
    expect(await rest.put('/v1/users/tokenonly', { device_token: 't1' })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['device_platform'], code: 'REQUIRED' }] },
    });
  });
});

describe('paths', () => {
  it('accept uids of 255 characters of four bytes', async () => {
    const uid = '😀'.repeat(255);
    const path = `/v1/users/${encodeURIComponent(uid)}`;
    expect(await rest.put(path, {})).toMatchObject({ status: 200, body: { uid } });
    expect(await rest.get(path)).toMatchObject({ status: 200, body: { uid } });
  });

  it.each(['a.jinadu@somecorp.email', 'Ada Lovelace', '100% sure?', 'c#+&=;'])('accept the uid "%s"', async (uid) => {
    const path = `/v1/users/${encodeURIComponent(uid)}`;
    expect(await rest.put(path, {})).toMatchObject({ status: 200, body: { uid } });
    expect(await rest.post(`${path}/events`, { event: 'Paid' })).toEqual({ status: 200, body: { status: 'ok' } });
    expect(await rest.delete(path)).toEqual({ status: 200, body: { status: 'ok' } });
  });

  it.each([
    ['256 characters', 'x'.repeat(256)],
    ['a slash', 'a%2Fb'],
    ['U+0000', 'a%00b'],
  ])('reject a uid with %s', async (_name, uid) => {
    expect(await rest.put(`/v1/users/${uid}`, {})).toMatchObject({
      status: 400,
      body: { issues: expect.arrayContaining([expect.objectContaining({ path: ['uid'] })]) },
    });
  });
});

it('DELETE /users/{uid}/tokens/{token} works with the public key, and answers 404 with the secret if the token is unknown', async () => {
  const token = `${'x'.repeat(1000)}:APA91b/_-`;
  const visitor = restOf(app, app.publicKey);
  await visitor.put('/v1/users/signsout', { device_token: token, device_platform: 'android' });
  const path = `/users/signsout/tokens/${encodeURIComponent(token)}`;
  expect(await visitor.delete(path)).toEqual({ status: 200, body: { status: 'ok' } });
  expect(await rest.get('/users/signsout')).toMatchObject({ body: { devices: [] } });
  expect(await visitor.delete(path)).toEqual({ status: 200, body: { status: 'ok' } });
  expect(await rest.delete(path)).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});
