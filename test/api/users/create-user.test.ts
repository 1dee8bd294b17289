import { expect, it } from 'vitest';
import type { CreateUserInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { CreateUser, SignUpUser } from '../../kit/operations/users.ts';

it('creates a user from a uid alone, with every other field empty', async () => {
  await using app = await startApp();
  const { createUser } = await app.run(CreateUser, { input: { uid: 'u144' } });
  expect(createUser).toMatchObject({
    user: {
      uid: 'u144',
      uidUpdateable: false,
      firstName: null,
      lastName: null,
      number: null,
      email: null,
      isAccount: false,
      timeZone: null,
      appVersion: null,
      appBuild: null,
      appLastActiveAt: null,
      devices: [],
      lists: [],
      segments: [],
      meta: {},
    },
  });
});

it('stores every field of the input', async () => {
  await using app = await startApp();
  const list = await addList(app, { title: 'News' });
  const input = {
    uid: 'u144',
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: '+2348012345678',
    email: 'a.jinadu@somecorp.email',
    isAccount: true,
    timeZone: 'Africa/Lagos',
    appVersion: '3.1.0',
    appBuild: '3001',
    appLastActiveAt: '2026-01-12T05:24:39.062Z',
    meta: { plan: 'pro', age: 34, active: true },
    createdAt: '2021-01-12T05:24:39.062Z',
  } satisfies Required<Omit<CreateUserInput, 'device' | 'listIds' | 'idempotencyKey'>>;
  const device = { token: 'token-1', platform: 'IOS' } as const;
  const { createUser } = await app.run(CreateUser, { input: { ...input, device, listIds: [list.globalId] } });
  expect(createUser).toMatchObject({
    user: { ...input, devices: [device], lists: [{ subscribed: true, list: { id: list.globalId, title: 'News' } }] },
  });
});

it('treats null as omitted, in every field', async () => {
  await using app = await startApp();
  const before = Date.now();
  const empty = {
    firstName: null,
    lastName: null,
    number: null,
    email: null,
    isAccount: null,
    timeZone: null,
    appVersion: null,
    appBuild: null,
    appLastActiveAt: null,
    device: null,
    listIds: null,
    meta: null,
    createdAt: null,
  } satisfies Record<Exclude<keyof CreateUserInput, 'uid' | 'idempotencyKey'>, null>;
  const { createUser } = await app.run(CreateUser, { input: { uid: 'u144', ...empty } });
  if (!('user' in createUser)) throw new Error(createUser.message);
  expect(createUser.user).toMatchObject({
    firstName: null,
    email: null,
    isAccount: false,
    timeZone: null,
    appLastActiveAt: null,
    devices: [],
    lists: [],
    meta: {},
  });
  expect(Date.parse(createUser.user.createdAt)).toBeGreaterThanOrEqual(before);
});

it('sets createdAt to now if it is omitted, and updatedAt always', async () => {
  await using app = await startApp();
  const before = Date.now();
  await app.run(CreateUser, { input: { uid: 'now' } });
  await app.run(CreateUser, { input: { uid: 'withCreatedAt', createdAt: '2021-01-12T05:24:39.062Z' } });
  const now = await app.db.user.findFirstOrThrow({ where: { uid: 'now' } });
  const withCreatedAt = await app.db.user.findFirstOrThrow({ where: { uid: 'withCreatedAt' } });
  for (const instant of [now.createdAt, now.updatedAt, withCreatedAt.updatedAt]) {
    expect(instant.getTime()).toBeGreaterThanOrEqual(before);
    expect(instant.getTime()).toBeLessThanOrEqual(Date.now());
  }
});

it('accepts a createdAt in the years 1 to 9999, and returns it in UTC with milliseconds', async () => {
  await using app = await startApp();
  const instants = [
    ['first', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['old', '0099-06-30T12:00:00Z', '0099-06-30T12:00:00.000Z'],
    ['offset', '2021-01-12T05:24:39.062+05:30', '2021-01-11T23:54:39.062Z'],
    ['last', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
  ] as const;
  for (const [uid, createdAt, expected] of instants) {
    expect(await app.run(CreateUser, { input: { uid, createdAt } })).toMatchObject({
      createUser: { user: { createdAt: expected } },
    });
  }
});

it('rejects a createdAt outside the years 1 to 9999', async () => {
  await using app = await startApp();
  for (const createdAt of ['0000-12-31T23:59:59.999Z', '9999-12-31T23:59:59-01:00']) {
    expect(await app.run(CreateUser, { input: { uid: 'u144', createdAt } })).toMatchObject({
      createUser: { issues: [{ path: ['createdAt'], code: 'OUT_OF_RANGE' }] },
    });
  }
  expect(await app.db.user.count()).toBe(0);
});

it('works with the public key alone', async () => {
  await using app = await startApp();
  const input = { uid: 'u144', email: 'ada@example.com', meta: { plan: 'pro' } };
  expect(await app.run(SignUpUser, { input }, app.publicKey)).toMatchObject({ createUser: { user: { uid: 'u144' } } });
});

it('rejects a uid that is taken, and does not change its user', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: { uid: 'u144', firstName: 'Ada' } });
  expect(await app.run(CreateUser, { input: { uid: 'u144', firstName: 'Eve' } })).toMatchObject({
    createUser: { __typename: 'UidTakenError', code: 'UID_TAKEN', uid: 'u144' },
  });
  expect(await app.db.user.findMany()).toMatchObject([{ firstName: 'Ada' }]);
});

it('distinguishes uids by case and by workspace', async () => {
  await using app = await startApp();
  await addUser({ ...app.stranger, db: app.db }, { uid: 'u144' });
  await app.run(CreateUser, { input: { uid: 'U144' } });
  expect(await app.run(CreateUser, { input: { uid: 'u144' } })).toMatchObject({
    createUser: { user: { uid: 'u144' } },
  });
});

it('accepts the same e-mail address and number for two users', async () => {
  await using app = await startApp();
  const both = { email: 'ada@example.com', number: '2348012345678' };
  await app.run(CreateUser, { input: { uid: 'u1', ...both } });
  expect(await app.run(CreateUser, { input: { uid: 'u2', ...both } })).toMatchObject({
    createUser: { user: { email: both.email } },
  });
});
