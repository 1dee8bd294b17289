import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { basic, startApp } from '../../kit/app.ts';
import { addDevices, addList, addToList, addUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { type RestCaller, restOf } from '../../kit/rest.ts';

// What a caller with the public key alone gets to see: the uid, and what they sent.

let app: Awaited<ReturnType<typeof startApp>>;
let visitor: RestCaller;

beforeAll(async () => {
  app = await startApp();
  visitor = restOf(app, app.publicKey);
});
afterAll(() => app[Symbol.asyncDispose]());

/** A user about whom others have stored all there is. */
async function storedUser(): Promise<string> {
  const user = await addUser(app, {
    firstName: 'Ada',
    lastName: 'Lovelace',
    number: '+2348012345678',
    email: 'ada@example.com',
    meta: { plan: 'pro', age: 34 },
  });
  await addDevices(app, user, [`stored-${user.uid}`]);
  await addToList(app, await addList(app), user);
  return user.uid;
}

const answerTo = async (uid: string, sent: unknown) => (await visitor.put(`/v1/users/${uid}`, sent)).body;

describe('an update answers with the uid and', () => {
  it('nothing else where nothing was sent', async () => {
    const uid = await storedUser();
    expect(await answerTo(uid, {})).toEqual({ uid });
  });

  it('the fields that were sent, as they are kept', async () => {
    const uid = await storedUser();
    const sent = { first_name: 'Grace', number: '2348087654321', created_at: '2020-08-11' };
    const kept = { ...sent, number: '+2348087654321', created_at: '2020-08-11T00:00:00.000+00:00' };
    expect(await answerTo(uid, sent)).toEqual({ uid, ...kept });
  });

  it('the attributes that were sent, not those of others', async () => {
    const uid = await storedUser();
    expect(await answerTo(uid, { meta: { coverage: 20 } })).toEqual({ uid, meta: { coverage: 20 } });
    expect(await answerTo(uid, { meta: {} })).toEqual({ uid, meta: {} });
  });

  it('the device that was sent, not those of others', async () => {
    const uid = await storedUser();
    const device = { token: `mine-${uid}`, platform: 'ios' };
    const sent = { device_token: device.token, device_platform: device.platform };
    expect(await answerTo(uid, sent)).toEqual({ uid, devices: [device] });
  });

  it.each([
    ['device_token', null],
    ['device_platform', 'ios'],
    ['devices', []],
    ['lists', []],
    ['segments', []],
    ['uid_updateable', false],
  ])('nothing of others for a %s of %j', async (name, value) => {
    const uid = await storedUser();
    expect(await answerTo(uid, { [name]: value })).toEqual({ uid });
  });

  it('what was cleared', async () => {
    const uid = await storedUser();
    expect(await answerTo(uid, { first_name: null, meta: null })).toEqual({ uid, first_name: null, meta: {} });
  });

  it('for a user whom it creates, too', async () => {
    expect(await answerTo('created', { last_name: 'Lovelace' })).toEqual({ uid: 'created', last_name: 'Lovelace' });
  });
});

describe('a creation answers with the uid and', () => {
  it('nothing else where nothing was sent', async () => {
    expect((await visitor.post('/v1/users', { id: 'bare' })).body).toEqual({ uid: 'bare' });
  });

  it('the lists and the device that were sent', async () => {
    const { id } = await addList(app);
    const sent = { id: 'joins', lists: [id.toUpperCase()], device_token: 'joins-token', device_platform: 'android' };
    expect((await visitor.post('/v1/users', sent)).body).toEqual({
      uid: 'joins',
      lists: [{ id, subscribed: true }],
      devices: [{ token: 'joins-token', platform: 'android' }],
    });
  });

  it('a refusal of a uid that is taken tells nothing of who has it', async () => {
    const uid = await storedUser();
    expect(await visitor.post('/v1/users', { id: uid })).toEqual({
      status: 409,
      body: { error: `Another user has the uid "${uid}".`, code: 'UID_TAKEN' },
    });
  });
});

// Documented rather than hidden (docs/production.md): an update that is accepted and ignored would lose data silently.
describe('whether a guessed e-mail address is the user’s is told', () => {
  const guesses = [
    ['the same', 'ada@example.com', 200],
    ['another', 'eve@example.com', 403],
    ['none', null, 403],
  ] as const;

  it.each(guesses)('to a key that may identify users: %s', async (_what, email, status) => {
    const uid = await storedUser();
    expect(await visitor.put(`/v1/users/${uid}`, { email })).toMatchObject({ status });
    const { updateUser } = await app.run(IdentifyUser, { input: { uid, email } }, app.publicKey);
    expect(updateUser.__typename).toBe(status === 200 ? 'UpdateUserPayload' : 'ForbiddenError');
    expect(await app.db.user.findFirst({ where: { uid } })).toMatchObject({ email: 'ada@example.com' });
  });

  it.each(guesses)('to no key without users:identify: %s', async (_what, email) => {
    const uid = await storedUser();
    const key = await createKey(app.db, app.workspaceId, ['events:write']);
    const rest = restOf(app, basic(key.publicKey));
    expect(await rest.put(`/v1/users/${uid}`, { email })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  it('at two points a guess, right or wrong', async () => {
    await using limited = await startApp({ rateLimits: { secret: 0, publicKey: 6 } });
    await addUser(limited, { uid: 'u144', email: 'ada@example.com' });
    const statuses = [];
    for (const email of ['a@example.com', 'ada@example.com', 'b@example.com', 'c@example.com']) {
      statuses.push((await restOf(limited, limited.publicKey).put('/v1/users/u144', { email })).status);
    }
    expect(statuses).toEqual([403, 200, 403, 429]);
  });
});
