import { afterAll, beforeEach, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { CreateUser, UpdateUser } from '../../kit/operations/users.ts';
import { inject, restOf } from '../../kit/rest.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await app.db.idempotencyKey.deleteMany();
  await addUser(app, { uid: 'u144' });
});

const post = (url: string, key: string, payload: object, authorization = app.owner) =>
  inject(app, { method: 'POST', url, payload, headers: { authorization, 'idempotency-key': key } });

const EVENTS = '/v1/users/u144/events';
const paid = { event: 'Paid', properties: { amount: 12.99 } };

it('adds an event once, with and without quotes round the key', async () => {
  for (const key of ['k"1', '"k\\"1"', 'k"1']) {
    expect(await post(EVENTS, key, paid)).toEqual({ status: 200, body: { status: 'ok' } });
  }
  expect(await app.db.event.count()).toBe(1);
});

it('takes a key in UTF-8 for the one that GraphQL has', async () => {
  const key = 'Zürich ✓';
  expect((await post(EVENTS, Buffer.from(key).toString('latin1'), paid)).status).toBe(200);
  await app.run(AddEvent, { input: { uid: 'u144', name: 'Paid', properties: { amount: 12.99 }, idempotencyKey: key } });
  expect(await app.db.event.count()).toBe(1);
  expect((await post(EVENTS, 'Z\u00fcrich', paid)).status).toBe(200);
  const kept = await app.db.idempotencyKey.findMany({ select: { key: true } });
  expect(kept.map((row) => row.key).sort()).toEqual(['Zürich', key]);
});

it('creates a user once', async () => {
  const first = await post('/v1/users', 'k1', { id: 'ada', first_name: 'Ada' });
  expect(first).toMatchObject({ status: 200, body: { uid: 'ada', first_name: 'Ada' } });
  expect(await post('/v1/users', 'k1', { first_name: 'Ada', id: 'ada' })).toEqual(first);
  expect(await post('/v1/users', 'k2', { id: 'ada' })).toMatchObject({ status: 409, body: { code: 'UID_TAKEN' } });
});

it('knows the keys of GraphQL, and the other way round', async () => {
  await post(EVENTS, 'k1', paid);
  const input = { uid: 'u144', name: 'Paid', properties: { amount: 12.99 }, idempotencyKey: 'k1' };
  expect((await app.run(AddEvent, { input })).addEvent).toHaveProperty('event');
  await app.run(CreateUser, { input: { uid: 'ada', number: '+2348012345678', idempotencyKey: 'k2' } });
  expect(await post('/v1/users', 'k2', { id: 'ada', number: 2348012345678 })).toMatchObject({ status: 200 });
  expect(await app.db.event.count()).toBe(1);
});

it('refuses a key that stands for something else: 422', async () => {
  await post(EVENTS, 'k1', paid);
  const refused = { status: 422, body: { error: expect.any(String), code: 'IDEMPOTENCY_CONFLICT' } };
  expect(await post(EVENTS, 'k1', { event: 'Other' })).toEqual(refused);
  expect(await post('/v1/users', 'k1', { id: 'ada' })).toEqual(refused);
});

it('refuses a faulty key with the other faults: 400', async () => {
  for (const [key, code] of [
    ['', 'TOO_SHORT'],
    ['""', 'TOO_SHORT'],
    ['x'.repeat(256), 'TOO_LONG'],
  ] as const) {
    const { status, body } = await post(EVENTS, key, { event: '' });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      issues: [
        { path: ['Idempotency-Key'], code },
        { path: ['event'], code: 'TOO_SHORT' },
      ],
    });
  }
});

it('finds nobody where the user has been deleted since: 404', async () => {
  await post('/v1/users', 'k1', { id: 'ada' });
  await restOf(app).delete('/v1/users/ada');
  expect(await post('/v1/users', 'k1', { id: 'ada' })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

it('tells the public key no created_at that it left to the gateway, which others may have changed since', async () => {
  const user = { id: 'ada', created_at: null };
  const first = await post('/v1/users', 'k1', user, app.publicKey);
  expect(first).toEqual({ status: 200, body: { uid: 'ada' } });
  await app.run(UpdateUser, { input: { uid: 'ada', createdAt: '2001-01-01T00:00:00Z' } });
  expect(await post('/v1/users', 'k1', user, app.publicKey)).toEqual(first);
});

it('tells the public key nothing that others have stored since', async () => {
  const list = await addList(app);
  const user = {
    id: 'ada',
    first_name: 'Ada',
    email: 'ada@example.com',
    number: '+2348012345678',
    meta: { plan: 'pro' },
    device_token: 't1',
    device_platform: 'ios',
    lists: [list.id],
    created_at: '2021-01-12',
  };
  const first = await post('/v1/users', 'k1', user, app.publicKey);
  expect(first).toMatchObject({ status: 200, body: { first_name: 'Ada', devices: [{ token: 't1' }] } });
  const secrets = {
    firstName: 'Secret',
    email: 'secret@example.com',
    number: '+447911123456',
    meta: { plan: 'secret' },
  };
  await app.run(UpdateUser, { input: { uid: 'ada', ...secrets, createdAt: '2001-01-01T00:00:00Z' } });
  await app.db.listMembership.updateMany({ data: { subscribed: false } });
  await app.db.device.deleteMany();
  expect(await post('/v1/users', 'k1', user, app.publicKey)).toEqual(first);
});
