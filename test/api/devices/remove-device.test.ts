import { describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { RemoveDevice } from '../../kit/operations/devices.ts';
import { IdentifyUser, ReadUser } from '../../kit/operations/users.ts';
import { type Gateway, restOf } from '../../kit/rest.ts';

const device = (token: string) => ({ token, platform: 'ANDROID' }) as const;

it('removes one device of a user with the public key alone', async () => {
  await using app = await startApp();
  for (const token of ['t1', 't2']) await app.run(IdentifyUser, { input: { uid: 'u144', device: device(token) } });
  expect(await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } }, app.publicKey)).toEqual({
    removeDevice: { __typename: 'RemoveDevicePayload', removedToken: 't1' },
  });
  expect((await app.run(ReadUser, { uid: 'u144' })).user?.devices).toMatchObject([{ token: 't2' }]);
});

it('fails with NotFoundError for a removed device', async () => {
  await using app = await startApp();
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } });
  await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } });
  expect(await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } })).toMatchObject({
    removeDevice: { code: 'NOT_FOUND', resource: 'Device' },
  });
});

it('fails with NotFoundError for a device of another user, and does not remove it', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'other' });
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } });
  expect(await app.run(RemoveDevice, { input: { uid: 'other', token: 't1' } })).toMatchObject({
    removeDevice: { code: 'NOT_FOUND', resource: 'Device' },
  });
  expect(await app.db.device.count()).toBe(1);
});

it('fails with NotFoundError for an unknown user, and for one of another workspace', async () => {
  await using app = await startApp();
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } }, app.stranger.publicKey);
  for (const uid of ['nobody', 'u144']) {
    expect(await app.run(RemoveDevice, { input: { uid, token: 't1' } })).toMatchObject({
      removeDevice: { code: 'NOT_FOUND', resource: 'User' },
    });
  }
  expect(await app.db.device.count()).toBe(1);
});

describe('a caller without users:read gets the same response whether or not the user or device exists', () => {
  const callers: [string, (app: Gateway) => Promise<string>][] = [
    ['the public key alone', async (app) => app.publicKey],
    ['a secret with users:write alone', (app) => app.withScopes('users:identify', 'users:write')],
  ];

  it.each(callers)('with %s', async (_who, callerOf) => {
    await using app = await startApp();
    const caller = await callerOf(app);
    await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } });
    await addUser(app, { uid: 'other' });
    await app.db.change.deleteMany();
    const rest = restOf(app, caller);
    for (const [uid, token] of [
      ['u144', 'unknown'],
      ['other', 't1'],
      ['nobody', 't1'],
    ] as const) {
      expect(await app.run(RemoveDevice, { input: { uid, token } }, caller)).toEqual({
        removeDevice: { __typename: 'RemoveDevicePayload', removedToken: token },
      });
      expect(await rest.delete(`/v1/users/${uid}/tokens/${token}`)).toEqual({ status: 200, body: { status: 'ok' } });
    }
    expect(await app.db.device.count()).toBe(1);
    expect(await app.db.change.count()).toBe(0);

    expect(await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } }, caller)).toMatchObject({
      removeDevice: { removedToken: 't1' },
    });
    expect(await app.db.device.count()).toBe(0);
    expect(await app.db.change.findMany()).toMatchObject([{ action: 'removeDevice' }]);
  });
});

it('reports every issue at once', async () => {
  await using app = await startApp();
  const { removeDevice } = await app.run(RemoveDevice, { input: { uid: 'a/b', token: 'a b' } });
  expect('issues' in removeDevice && removeDevice.issues).toEqual([
    { path: ['uid'], code: 'INVALID_UID' },
    { path: ['token'], code: 'INVALID_TOKEN' },
  ]);
});
