import { describe, expect, it } from 'vitest';
import type { userObject as schema } from '../../../src/rest/users.ts';
import { startApp } from '../../kit/app.ts';
import { addUser, importUser } from '../../kit/factories.ts';
import { restOf } from '../../kit/rest.ts';

// The examples of the platform's REST reference, verbatim and in its order, except for internal ids and cursors.

const advice = 'A field that the reference lacks is null in userObject of test/api/rest/reference-examples.test.ts.';

const userObject = {
  id: expect.any(String),
  uid: 'a.jinadu@somecorp.email',
  uid_updateable: true,
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  number: null,
  email: 'a.jinadu@somecorp.email',
  is_account: false,
  tz: null,
  app_version: null,
  app_build: null,
  app_last_active: null,
  devices: [],
  lists: [],
  segments: [],
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
} satisfies Record<keyof typeof schema.shape, unknown>;

const creation = {
  id: 'u144',
  first_name: 'Akinyele',
  last_name: 'Jinadu',
  email: 'a.jinadu@somecorp.email',
  meta: { plan: 'pro', age: 34 },
  created_at: '2021-01-12T05:24:39.062+00:00',
};

const { uid_updateable: _never, ...ownUser } = { ...userObject, uid: 'u144' };

const update = { meta: { plan: 'custom', coverage: 20 }, created_at: '2021-01-12T05:24:39.062+00:00' };

const cart = {
  event: 'Add to cart',
  timestamp: '2020-05-30T09:30:10Z',
  properties: { product: 'T123', currency: 'USD', amount: 12.99 },
};

const paid = { event: 'Paid', value: 49.99 };

const ok = { status: 200, body: { status: 'ok' } };

/** Imports the user of "The User object" like an integration. */
const importExample = (app: Awaited<ReturnType<typeof startApp>>) =>
  importUser(app, 'a.jinadu@somecorp.email', {
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    meta: { plan: 'pro', age: 34 },
    createdAt: new Date('2021-01-12T05:24:39.062Z'),
  });

describe.each(['/v1/users', '/users'])('the REST reference at %s', (users) => {
  it('The user object', async () => {
    await using app = await startApp();
    await importExample(app);
    expect(await restOf(app).get(`${users}/a.jinadu@somecorp.email`), advice).toEqual({
      status: 200,
      body: userObject,
    });
  });

  it('Create a User', async () => {
    await using app = await startApp();
    expect(await restOf(app).post(users, creation), advice).toEqual({ status: 200, body: ownUser });
  });

  it('Create a User, with username authentication', async () => {
    await using app = await startApp();
    const { id, ...sent } = creation;
    expect(await restOf(app, app.publicKey).post(users, creation)).toEqual({ status: 200, body: { uid: id, ...sent } });
  });

  it('Retrieve a User', async () => {
    await using app = await startApp();
    await restOf(app).post(users, creation);
    expect(await restOf(app).get(`${users}/u144`), advice).toEqual({ status: 200, body: ownUser });
  });

  it('Update User attributes', async () => {
    await using app = await startApp();
    await restOf(app).post(users, creation);
    const meta = { plan: 'custom', age: 34, coverage: 20 };
    expect(await restOf(app).put(`${users}/u144`, update), advice).toEqual({ status: 200, body: { ...ownUser, meta } });
  });

  it('Update User attributes, with username authentication', async () => {
    await using app = await startApp();
    await restOf(app).post(users, creation);
    const response = await restOf(app, app.publicKey).put(`${users}/u144`, update);
    expect(response).toEqual({ status: 200, body: { uid: 'u144', ...update } });
  });

  it('Add User events, with username authentication', async () => {
    await using app = await startApp();
    const client = restOf(app, app.publicKey);
    await client.post(users, creation);
    expect(await client.post(`${users}/u144/events`, cart)).toEqual(ok);
    expect(await client.post(`${users}/u144/events`, paid)).toEqual(ok);
    const events = await app.db.event.findMany({ orderBy: { id: 'asc' } });
    expect(events).toMatchObject([
      { name: cart.event, timestamp: new Date(cart.timestamp), properties: cart.properties },
      { name: paid.event, value: paid.value },
    ]);
  });

  it('List Users', async () => {
    await using app = await startApp();
    await addUser(app);
    await importExample(app);
    const response = await restOf(app).get(`${users}?limit=1`);
    expect(response, advice).toEqual({ status: 200, body: { data: [userObject], next_cursor: expect.any(String) } });
  });

  it('Delete User', async () => {
    await using app = await startApp();
    await restOf(app).post(users, creation);
    expect(await restOf(app).delete(`${users}/u144`)).toEqual(ok);
    expect(await app.db.user.count()).toBe(0);
  });
});
