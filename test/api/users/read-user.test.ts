import { expect, it } from 'vitest';
import type { User } from '../../../src/domain/users/user.ts';
import { startApp } from '../../kit/app.ts';
import { addDevices, addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { ReadUser } from '../../kit/operations/users.ts';

it('reads every field of the platform’s user object', async () => {
  await using app = await startApp();
  const fields = {
    uid: 'a.jinadu@somecorp.email',
    uidUpdateable: true,
    firstName: 'Akinyele',
    lastName: 'Jinadu',
    number: '+2348012345678',
    email: 'a.jinadu@somecorp.email',
    isAccount: true,
    timeZone: 'Africa/Lagos',
    appVersion: '3.1.0',
    appBuild: '3001',
    appLastActiveAt: '2022-02-02T00:00:00.000Z',
    meta: { plan: 'pro', age: 34 },
    createdAt: '2021-01-12T05:24:39.062Z',
    updatedAt: '2022-02-02T00:00:00.000Z',
  } satisfies Record<Exclude<keyof User, 'id'>, unknown>;
  const user = await addUser(app, fields);
  await addDevices(app, user, ['token']);
  const list = await addList(app, { title: 'News' });
  const segment = await addSegment(app, 'Active');
  await addToList(app, list, user, false);
  await addToSegment(app, segment, user, true);
  expect((await app.run(ReadUser, { uid: fields.uid })).user).toEqual({
    ...fields,
    id: user.globalId,
    devices: [{ token: 'token', platform: 'ANDROID', lastSeenAt: '2026-01-01T00:00:00.000Z' }],
    lists: [{ subscribed: false, joinedAt: expect.any(String), list: { id: list.globalId, title: 'News' } }],
    segments: [{ suppressed: true, segment: { id: segment.globalId, name: 'Active' } }],
  });
});

it('returns null for an unknown uid, and for one of another workspace', async () => {
  await using app = await startApp();
  await addUser({ ...app.stranger, db: app.db }, { uid: 'foreign' });
  for (const uid of ['nobody', 'foreign']) expect(await app.run(ReadUser, { uid })).toEqual({ user: null });
});

it.each([
  ['an empty text', ''],
  ['a slash', 'a/b'],
  ['U+0000', 'a\0'],
  ['256 characters', 'x'.repeat(256)],
])('rejects an invalid uid: %s', async (_what, uid) => {
  await using app = await startApp();
  expect(await app.send(ReadUser, { uid })).toMatchObject({
    data: { user: null },
    errors: [{ path: ['user'], extensions: { code: 'BAD_USER_INPUT' } }],
  });
});
