import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { addDevices, addUser } from '../../kit/factories.ts';
import { IdentifyUser, ReadUser } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const POOL = { poolSize: 20, limits: longTimeouts };

const android = (token: string) => ({ token, platform: 'ANDROID' }) as const;

it('keeps 5 devices, including the newest, after 60 concurrent registrations for one user', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: 'one', device: android(`token${place}`) } }),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 60 });
  expect(await app.db.device.count()).toBe(5);
  await app.run(IdentifyUser, { input: { uid: 'one', device: android('last') } });
  const { user } = await app.run(ReadUser, { uid: 'one' });
  expect(user?.devices).toHaveLength(5);
  expect(user?.devices[0]?.token).toBe('last');
});

it('keeps 5 devices after 60 concurrent registrations that also have to create the user', async () => {
  await using app = await startApp(POOL);
  await atOnce(60, (place) => app.run(IdentifyUser, { input: { uid: 'one', device: android(`token${place}`) } }));
  expect(await app.db.device.count()).toBe(5);
});

it('drops no device that was registered after those that it keeps', async () => {
  await using app = await startApp(POOL);
  await addUser(app, { uid: 'one' });
  for (const round of ['first', 'second']) {
    await atOnce(55, (place) => app.run(IdentifyUser, { input: { uid: 'one', device: android(`${round}${place}`) } }));
  }
  const { user } = await app.run(ReadUser, { uid: 'one' });
  expect(user?.devices.map(({ token }) => token.startsWith('second'))).toEqual([true, true, true, true, true]);
});

it('assigns a token that 60 users register concurrently to exactly one of them', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(60, (place) =>
    app.run(IdentifyUser, { input: { uid: `u${place}`, device: android('shared') } }, app.publicKey),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 60 });
  expect(await app.db.device.count()).toBe(1);
});

it('swaps tokens between two users 100 times concurrently without an error or a lost token', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(100, (place) => {
    const [uid, token] = [`u${place % 2}`, `token${place % 4 < 2 ? 0 : 1}`];
    return app.run(IdentifyUser, { input: { uid, device: android(token) } });
  });
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 100 });
  expect((await app.db.device.findMany()).map(({ token }) => token).sort()).toEqual(['token0', 'token1']);
});

it('completes concurrent registrations of users who exceed 5 devices and move them between each other', async () => {
  await using app = await startApp(POOL);
  const answers = await atOnce(120, (place) =>
    app.run(IdentifyUser, { input: { uid: `u${place % 3}`, device: android(`token${(place * 7) % 18}`) } }),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 120 });
  const owners = tally((await app.db.device.findMany()).map(({ userId }) => userId));
  expect(Math.max(...Object.values(owners))).toBeLessThanOrEqual(5);
});

const placesOf = (name: string | number) => [0, 1, 2, 3, 4].map((place) => `${name}.${place}`);

it('keeps a device that moves to another user while its first user drops it as their oldest', async () => {
  await using app = await startApp(POOL);
  await atOnce(50, async (pair) => {
    await addDevices(app, await addUser(app, { uid: `first${pair}` }), placesOf(pair));
    await addUser(app, { uid: `second${pair}` });
  });
  await atOnce(100, (place) => {
    const pair = Math.floor(place / 2);
    const [uid, token] = place % 2 ? [`first${pair}`, `new${pair}`] : [`second${pair}`, `${pair}.0`];
    return app.run(IdentifyUser, { input: { uid, device: android(token) } });
  });
  expect(await app.db.device.count({ where: { user: { uid: { startsWith: 'second' } } } })).toBe(50);
});

it('completes when 50 pairs of users with 5 devices swap their oldest, which occasionally deadlocks', async () => {
  await using app = await startApp(POOL);
  await atOnce(100, async (place) => addDevices(app, await addUser(app, { uid: `u${place}` }), placesOf(place)));
  const neighbour = (place: number) => (place % 2 ? place - 1 : place + 1);
  const answers = await atOnce(100, (place) =>
    app.run(IdentifyUser, { input: { uid: `u${place}`, device: android(`${neighbour(place)}.0`) } }),
  );
  expect(tally(answers.map(({ updateUser }) => updateUser.__typename))).toEqual({ UpdateUserPayload: 100 });
  const devices = await app.db.device.findMany({ include: { user: true } });
  const newest = devices.filter(({ lastSeenAt }) => lastSeenAt.getTime() > Date.UTC(2026, 0, 31));
  expect(Object.values(tally(devices.map(({ userId }) => userId)))).toEqual(Array<number>(100).fill(5));
  expect(newest.map(({ user, token }) => `${user.uid} ${token}`).sort()).toEqual(
    Array.from({ length: 100 }, (_, place) => `u${place} ${neighbour(place)}.0`).sort(),
  );
});
