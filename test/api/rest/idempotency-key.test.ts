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

it('adds an event once, with or without quotes around the key', async () => {
  for (const key of ['k"1', '"k\\"1"', 'k"1']) {
    expect(await post(EVENTS, key, paid)).toEqual({ status: 200, body: { status: 'ok' } });
  }
  expect(await app.db.event.count()).toBe(1);
});

it('treats a key in UTF-8 as the same key in GraphQL', async () => {
  const key = 'Zürich ✓';
  expect((await post(EVENTS, Buffer.from(key).toString('latin1'), paid)).status).toBe(200);
  await app.run(AddEvent, { input: { uid: 'u144', name: 'Paid', properties: { amount: 12.99 }, idempotencyKey: key } });
  expect(await app.db.event.count()).toBe(1);
  expect((await post(EVENTS, 'Z\u00fcrich', paid)).status).toBe(200);
  const keys = await app.db.idempotencyKey.findMany({ select: { key: true } });
  expect(keys.map((row) => row.key).sort()).toEqual(['Zürich', key]);
});

it('creates a user once', async () => {
  const first = await post('/v1/users', 'k1', { id: 'ada', first_name: 'Ada' });
  expect(first).toMatchObject({ status: 200, body: { uid: 'ada', first_name: 'Ada' } });
  expect(await post('/v1/users', 'k1', { first_name: 'Ada', id: 'ada' })).toEqual(first);
  expect(await post('/v1/users', 'k2', { id: 'ada' })).toMatchObject({ status: 409, body: { code: 'UID_TAKEN' } });
});

it('shares keys with GraphQL', async () => {
  await post(EVENTS, 'k1', paid);
  const input = { uid: 'u144', name: 'Paid', properties: { amount: 12.99 }, idempotencyKey: 'k1' };
  expect((await app.run(AddEvent, { input })).addEvent).toHaveProperty('event');
  await app.run(CreateUser, { input: { uid: 'ada', number: '+2348012345678', idempotencyKey: 'k2' } });
  expect(await post('/v1/users', 'k2', { id: 'ada', number: 2348012345678 })).toMatchObject({ status: 200 });
  expect(await app.db.event.count()).toBe(1);
});

it('rejects a key that was used with another request: 422', async () => {
  await post(EVENTS, 'k1', paid);
  const conflict = { status: 422, body: { error: expect.any(String), code: 'IDEMPOTENCY_CONFLICT' } };
  expect(await post(EVENTS, 'k1', { event: 'Other' })).toEqual(conflict);
  expect(await post('/v1/users', 'k1', { id: 'ada' })).toEqual(conflict);
});

it('reports an invalid key together with other errors: 400', async () => {
  for (const [key, code] of [
    ['', 'TOO_SHORT'],
    ['""', 'TOO_SHORT'],
    ['x'.repeat(256), 'TOO_LONG'],
  ] as const) {
    const { status, body } = await post(EVENTS, key, { event: '' });
    expect(status).toBe(400);
    expect(body).toMatchObject({
      issues: [
        { path: ['event'], code: 'TOO_SHORT' },
        { path: ['Idempotency-Key'], code },
      ],
    });
  }
});

it('answers 404 if the user has been deleted since', async () => {
  await post('/v1/users', 'k1', { id: 'ada' });
  await restOf(app).delete('/v1/users/ada');
  expect(await post('/v1/users', 'k1', { id: 'ada' })).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
});

it('does not expose a default created_at to the public key, since others may have changed it', async () => {
  const user = { id: 'ada', created_at: null };
  const first = await post('/v1/users', 'k1', user, app.publicKey);
  expect(first).toEqual({ status: 200, body: { uid: 'ada' } });
  await app.run(UpdateUser, { input: { uid: 'ada', createdAt: '2001-01-01T00:00:00Z' } });
  expect(await post('/v1/users', 'k1', user, app.publicKey)).toEqual(first);
});

it('does not expose data that others have stored since to the public key', async () => {
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
