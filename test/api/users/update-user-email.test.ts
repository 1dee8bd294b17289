import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';

const EMAIL = 'ada@example.com';

it('requires full authentication to change an address, and otherwise changes nothing', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', email: EMAIL });
  const device = { token: 'token', platform: 'IOS' } as const;
  const input = { uid: 'u144', email: 'eve@example.com', firstName: 'Eve', meta: { plan: 'pro' }, device };
  expect(await app.run(IdentifyUser, { input }, app.publicKey)).toMatchObject({
    updateUser: { __typename: 'ForbiddenError', code: 'FORBIDDEN', requiredScope: 'users:write' },
  });
  expect(await app.db.user.findMany()).toMatchObject([{ email: EMAIL, firstName: null, meta: {} }]);
  expect(await app.db.device.count()).toBe(0);
});

it('requires full authentication to clear an address', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', email: EMAIL });
  expect(await app.run(IdentifyUser, { input: { uid: 'u144', email: null } }, app.publicKey)).toMatchObject({
    updateUser: { code: 'FORBIDDEN' },
  });
  expect(await app.db.user.findMany()).toMatchObject([{ email: EMAIL }]);
});

it('accepts a secret with users:write, and none without it, as full authentication', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', email: EMAIL });
  const input = { uid: 'u144', email: 'ada@example.org' };
  const half = await app.withScopes('users:identify', 'users:read');
  const whole = await app.withScopes('users:identify', 'users:write');
  expect(await app.run(IdentifyUser, { input }, half)).toMatchObject({ updateUser: { code: 'FORBIDDEN' } });
  expect(await app.run(IdentifyUser, { input }, whole)).toMatchObject({ updateUser: { created: false } });
});

it('allows the public key to repeat the stored address', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', email: EMAIL });
  const input = { uid: 'u144', email: EMAIL, firstName: 'Ada' };
  expect(await app.run(IdentifyUser, { input }, app.publicKey)).toMatchObject({ updateUser: { created: false } });
  expect(await app.db.user.findMany()).toMatchObject([{ email: EMAIL, firstName: 'Ada' }]);
});

it('allows the public key to add an address for a user who has none, once', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144' });
  await app.run(IdentifyUser, { input: { uid: 'u144', email: null } }, app.publicKey);
  await app.run(IdentifyUser, { input: { uid: 'u144', email: EMAIL } }, app.publicKey);
  await app.run(IdentifyUser, { input: { uid: 'u144', email: 'eve@example.com' } }, app.publicKey);
  expect(await app.db.user.findMany()).toMatchObject([{ email: EMAIL }]);
});

it('allows the public key to create a user with an address', async () => {
  await using app = await startApp();
  expect(await app.run(IdentifyUser, { input: { uid: 'u144', email: EMAIL } }, app.publicKey)).toMatchObject({
    updateUser: { created: true },
  });
  expect(await app.db.user.findMany()).toMatchObject([{ email: EMAIL }]);
});
