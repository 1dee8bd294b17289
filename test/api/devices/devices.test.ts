import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { IdentifyUser, ReadUser } from '../../kit/operations/users.ts';

type App = Awaited<ReturnType<typeof startApp>>;

async function register(app: App, uid: string, ...tokens: string[]) {
  for (const token of tokens) {
    await app.run(IdentifyUser, { input: { uid, device: { token, platform: 'ANDROID' } } }, app.publicKey);
  }
}

async function devicesOf(app: App, uid: string) {
  return (await app.run(ReadUser, { uid })).user?.devices ?? [];
}

const tokensOf = async (app: App, uid: string) => (await devicesOf(app, uid)).map(({ token }) => token);

it('keeps the last 5 devices of a user, newest first', async () => {
  await using app = await startApp();
  await register(app, 'u144', 't1', 't2', 't3', 't4', 't5', 't6', 't7');
  expect(await tokensOf(app, 'u144')).toEqual(['t7', 't6', 't5', 't4', 't3']);
  expect(await app.db.device.count()).toBe(5);
});

it('moves a token that is registered again to the front, without a duplicate', async () => {
  await using app = await startApp();
  await register(app, 'u144', 't1', 't2', 't3', 't1');
  expect(await tokensOf(app, 'u144')).toEqual(['t1', 't3', 't2']);
});

it('drops the device that was seen longest ago, not the one that was added first', async () => {
  await using app = await startApp();
  await register(app, 'u144', 't1', 't2', 't3', 't4', 't5', 't1', 't6');
  expect(await tokensOf(app, 'u144')).toEqual(['t6', 't1', 't5', 't4', 't3']);
});

it('stores the platform and the time of the last registration', async () => {
  await using app = await startApp();
  await register(app, 'u144', 't1');
  const [first] = await devicesOf(app, 'u144');
  await app.run(IdentifyUser, { input: { uid: 'u144', device: { token: 't1', platform: 'IOS' } } });
  const [again] = await devicesOf(app, 'u144');
  expect(first?.platform).toBe('ANDROID');
  expect(again?.platform).toBe('IOS');
  expect(Date.parse(again?.lastSeenAt ?? '')).toBeGreaterThanOrEqual(Date.parse(first?.lastSeenAt ?? ''));
});

it('moves a token to another user who registers it', async () => {
  await using app = await startApp();
  await register(app, 'first', 't1', 't2');
  await register(app, 'second', 't1');
  expect(await tokensOf(app, 'first')).toEqual(['t2']);
  expect(await tokensOf(app, 'second')).toEqual(['t1']);
});

it('drops the oldest of 5 devices of a user who registers another user’s token', async () => {
  await using app = await startApp();
  await register(app, 'first', 'taken');
  await register(app, 'second', 't1', 't2', 't3', 't4', 't5', 'taken');
  expect(await tokensOf(app, 'second')).toEqual(['taken', 't5', 't4', 't3', 't2']);
  expect(await tokensOf(app, 'first')).toEqual([]);
});

it('separates the same token of two workspaces', async () => {
  await using app = await startApp();
  const device = { token: 't1', platform: 'IOS' } as const;
  await register(app, 'u144', 't1');
  await app.run(IdentifyUser, { input: { uid: 'u144', device } }, app.stranger.publicKey);
  expect(await tokensOf(app, 'u144')).toEqual(['t1']);
  expect(await app.db.device.count()).toBe(2);
});

it('returns no devices for a user who registered none', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144' });
  expect(await tokensOf(app, 'u144')).toEqual([]);
});
