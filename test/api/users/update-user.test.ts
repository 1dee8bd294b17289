import { expect, it } from 'vitest';
import { labelOf } from '../../../src/db/statements.ts';
import { type ProfileField, profileFields } from '../../../src/domain/users/profile-fields.ts';
import type { UpdateUserInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { CreateUser, IdentifyUser, ReadUser, UpdateUser } from '../../kit/operations/users.ts';

const full = {
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
  device: { token: 'token-1', platform: 'ANDROID' },
  meta: { plan: 'pro', age: 34 },
  createdAt: '2021-01-12T05:24:39.062Z',
} as const satisfies Required<Omit<UpdateUserInput, 'newUid' | 'listIds' | 'removeMeta'>>;

it('creates a user with an unknown uid, with every field', async () => {
  await using app = await startApp();
  const { device, ...fields } = full;
  expect(await app.run(UpdateUser, { input: full })).toMatchObject({
    updateUser: { created: true, user: { ...fields, uidUpdateable: false, devices: [device], lists: [] } },
  });
});

it('creates a user from a uid alone, signed up now', async () => {
  await using app = await startApp();
  const before = Date.now();
  await app.run(IdentifyUser, { input: { uid: 'u144' } }, app.publicKey);
  const user = await app.db.user.findFirstOrThrow();
  expect(user).toMatchObject({ uid: 'u144', uidUpdateable: false, firstName: null, email: null, meta: {} });
  expect(user.createdAt.getTime()).toBeGreaterThanOrEqual(before);
});

it('creates a user with keys in removeMeta that it does not have, and updates it with the same input', async () => {
  await using app = await startApp();
  const input = { uid: 'u144', meta: { plan: 'pro' }, removeMeta: ['age'] };
  for (const created of [true, false]) {
    expect(await app.run(UpdateUser, { input })).toMatchObject({ updateUser: { created } });
    expect((await app.run(ReadUser, { uid: 'u144' })).user?.meta).toEqual({ plan: 'pro' });
  }
});

it('updates the fields of the input, and returns created: false', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  const change = {
    firstName: 'Ada',
    lastName: 'Lovelace',
    number: '442071838750',
    email: 'ada@example.com',
    isAccount: false,
    timeZone: 'Europe/London',
    appVersion: '3.2.0',
    appBuild: '3002',
    appLastActiveAt: '2026-02-02T00:00:00.000Z',
    createdAt: '2022-02-02T00:00:00Z',
  } satisfies Record<Exclude<ProfileField, 'meta'>, string | boolean>;
  expect(await app.run(UpdateUser, { input: { uid: 'u144', ...change } })).toMatchObject({
    updateUser: {
      created: false,
      user: { ...change, number: '+442071838750', createdAt: '2022-02-02T00:00:00.000Z', meta: full.meta },
    },
  });
});

it('does not change omitted fields', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  const { user: before } = await app.run(ReadUser, { uid: 'u144' });
  await app.run(IdentifyUser, { input: { uid: 'u144' } });
  const { user: after } = await app.run(ReadUser, { uid: 'u144' });
  expect({ ...after, updatedAt: null }).toEqual({ ...before, updatedAt: null });
});

const cleared = Object.entries(profileFields)
  .filter(([, { onNull }]) => onNull === 'clear')
  .map(([field]) => ({ field, value: field === 'isAccount' ? false : null }));

it.each(cleared)('clears only $field with null', async ({ field, value }) => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  const { user: before } = await app.run(ReadUser, { uid: 'u144' });
  await app.run(IdentifyUser, { input: { uid: 'u144', [field]: null } });
  const { user: after } = await app.run(ReadUser, { uid: 'u144' });
  expect({ ...after, updatedAt: null }).toEqual({ ...before, [field]: value, updatedAt: null });
});

it('clears all attributes with null', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  const { updateUser } = await app.run(UpdateUser, { input: { uid: 'u144', meta: null } });
  expect('user' in updateUser && updateUser.user.meta).toEqual({});
});

it('treats null as omitted in newUid, listIds, removeMeta and device', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  const { device, ...fields } = full;
  const input = { uid: 'u144', newUid: null, listIds: null, removeMeta: null, device: null };
  expect(await app.run(UpdateUser, { input })).toMatchObject({
    updateUser: { created: false, user: { ...fields, devices: [device] } },
  });
});

it('rejects null for createdAt', async () => {
  await using app = await startApp();
  await app.run(CreateUser, { input: full });
  expect(await app.run(UpdateUser, { input: { uid: 'u144', createdAt: null } })).toMatchObject({
    updateUser: { issues: [{ path: ['createdAt'], code: 'NOT_NULLABLE' }] },
  });
});

it('updates updatedAt, and not createdAt', async () => {
  await using app = await startApp();
  const long = new Date('2020-01-01T00:00:00Z');
  await addUser(app, { uid: 'u144', createdAt: long, updatedAt: long });
  await app.run(UpdateUser, { input: { uid: 'u144', firstName: 'Ada' } });
  const user = await app.db.user.findFirstOrThrow();
  expect(user.createdAt).toEqual(long);
  expect(user.updatedAt.getTime()).toBeGreaterThan(long.getTime());
});

it('does not change a user of another workspace with the same uid', async () => {
  await using app = await startApp();
  const { id } = await addUser({ ...app.stranger, db: app.db }, { uid: 'u144', firstName: 'Ada' });
  expect(await app.run(UpdateUser, { input: { uid: 'u144', firstName: 'Eve' } })).toMatchObject({
    updateUser: { created: true },
  });
  expect(await app.db.user.findMany({ where: { id } })).toMatchObject([{ firstName: 'Ada' }]);
});

it('updates a user who exists with one statement', async () => {
  await using app = await startApp();
  const { uid } = await addUser(app, { meta: { plan: 'free' } });
  await app.run(ReadUser, { uid });
  const statements = await app.statementsOf(async () => {
    const answer = await app.run(UpdateUser, { input: { uid, firstName: 'Ada', meta: { plan: 'pro' } } });
    expect(answer).toMatchObject({
      updateUser: { created: false, user: { uid, firstName: 'Ada', meta: { plan: 'pro' } } },
    });
  });
  // The devices and the lists of the response are read by a statement each.
  expect(statements.map(labelOf).filter((label) => !label?.startsWith('read'))).toEqual(['writeUpdates']);
});
