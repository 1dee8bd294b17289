import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { addUser } from '../kit/factories.ts';
import { RemoveDevice } from '../kit/operations/devices.ts';
import { IdentifyUser, ReadUser } from '../kit/operations/users.ts';

const device = (token: string) => ({ token, platform: 'ANDROID' }) as const;

it('takes a device, and no other, from a user with the public key alone', async () => {
  await using app = await startApp();
  for (const token of ['t1', 't2']) await app.run(IdentifyUser, { input: { uid: 'u144', device: device(token) } });
  expect(await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } }, app.publicKey)).toEqual({
    removeDevice: { __typename: 'RemoveDevicePayload', removedToken: 't1' },
  });
  expect((await app.run(ReadUser, { uid: 'u144' })).user?.devices).toMatchObject([{ token: 't2' }]);
});

it('answers NotFoundError of a Device to removing it again', async () => {
  await using app = await startApp();
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } });
  await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } });
  expect(await app.run(RemoveDevice, { input: { uid: 'u144', token: 't1' } })).toMatchObject({
    removeDevice: { code: 'NOT_FOUND', resource: 'Device' },
  });
});

it('answers NotFoundError of a Device for another user’s, who keeps it', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'other' });
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } });
  expect(await app.run(RemoveDevice, { input: { uid: 'other', token: 't1' } })).toMatchObject({
    removeDevice: { code: 'NOT_FOUND', resource: 'Device' },
  });
  expect(await app.db.device.count()).toBe(1);
});

it('answers NotFoundError of a User for an unknown one, and for another workspace’s', async () => {
  await using app = await startApp();
  await app.run(IdentifyUser, { input: { uid: 'u144', device: device('t1') } }, app.stranger.publicKey);
  for (const uid of ['nobody', 'u144']) {
    expect(await app.run(RemoveDevice, { input: { uid, token: 't1' } })).toMatchObject({
      removeDevice: { code: 'NOT_FOUND', resource: 'User' },
    });
  }
  expect(await app.db.device.count()).toBe(1);
});

it('names every fault at once', async () => {
  await using app = await startApp();
  const { removeDevice } = await app.run(RemoveDevice, { input: { uid: 'a/b', token: 'a b' } });
  expect('issues' in removeDevice && removeDevice.issues).toEqual([
    { path: ['uid'], code: 'INVALID_UID' },
    { path: ['token'], code: 'INVALID_TOKEN' },
  ]);
});
