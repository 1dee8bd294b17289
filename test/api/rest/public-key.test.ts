import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import type { ProfileField } from '../../../src/domain/users/profile-fields.ts';
import type { updateBody } from '../../../src/rest/schemas.ts';
import { basic, startApp } from '../../kit/app.ts';
import { addDevices, addList, addToList, addUser } from '../../kit/factories.ts';
import { IdentifyUser } from '../../kit/operations/users.ts';
import { type RestCaller, restOf } from '../../kit/rest.ts';

// Callers with the public key alone get the uid and the values that they sent.

let app: Awaited<ReturnType<typeof startApp>>;
let visitor: RestCaller;

beforeAll(async () => {
  app = await startApp();
  visitor = restOf(app, app.publicKey);
});
afterAll(() => app[Symbol.asyncDispose]());

/** A user with all kinds of data, stored by others. */
async function storedUser(): Promise<string> {
  const user = await addUser(app, {
    firstName: 'Ada',
    lastName: 'Lovelace',
    number: '+2348012345678',
    email: 'ada@example.com',
    isAccount: true,
    timeZone: 'Africa/Lagos',
    appVersion: '3.1.0',
    appBuild: '3001',
    appLastActiveAt: new Date('2026-01-12T05:24:39.062Z'),
    meta: { plan: 'pro', age: 34 },
  } satisfies Record<Exclude<ProfileField, 'createdAt'>, unknown>);
  await addDevices(app, user, [`stored-${user.uid}`]);
  await addToList(app, await addList(app), user);
  return user.uid;
}

const updated = async (uid: string, sent: unknown) => (await visitor.put(`/v1/users/${uid}`, sent)).body;

describe('an update returns the uid and', () => {
  it('nothing else if nothing was sent', async () => {
    const uid = await storedUser();
    expect(await updated(uid, {})).toEqual({ uid });
  });

  it('the fields that were sent, as they are stored', async () => {
    const uid = await storedUser();
    const sent = { first_name: 'Grace', number: '2348087654321', created_at: '2020-08-11' };
    const stored = { ...sent, number: '+2348087654321', created_at: '2020-08-11T00:00:00.000+00:00' };
    expect(await updated(uid, sent)).toEqual({ uid, ...stored });
  });

  it('the attributes that were sent, not those of others', async () => {
    const uid = await storedUser();
    expect(await updated(uid, { meta: { coverage: 20 } })).toEqual({ uid, meta: { coverage: 20 } });
    expect(await updated(uid, { meta: {} })).toEqual({ uid, meta: {} });
  });

  it('the device that was sent, not those of others', async () => {
    const uid = await storedUser();
    const device = { token: `mine-${uid}`, platform: 'ios' };
    const sent = { device_token: device.token, device_platform: device.platform };
    expect(await updated(uid, sent)).toEqual({ uid, devices: [device] });
  });

  it.each([
    ['device_token', null],
    ['device_platform', 'ios'],
    ['devices', []],
    ['lists', []],
    ['segments', []],
    ['uid_updateable', false],
  ])('no data of others for a %s of %j', async (name, value) => {
    const uid = await storedUser();
    expect(await updated(uid, { [name]: value })).toEqual({ uid });
  });

  it('the fields that were cleared', async () => {
    const uid = await storedUser();
    expect(await updated(uid, { first_name: null, is_account: null, app_last_active: null, meta: null })).toEqual({
      uid,
      first_name: null,
      is_account: false,
      app_last_active: null,
      meta: {},
    });
  });

  it('every field that was sent, for a new user', async () => {
    const sent = {
      first_name: 'Ada',
      last_name: 'Lovelace',
      number: '+2348012345678',
      email: 'ada@example.com',
      is_account: true,
      tz: 'Africa/Lagos',
      app_version: '3.1.0',
      app_build: '3001',
      app_last_active: '2026-01-12T05:24:39.062+00:00',
      meta: { plan: 'pro' },
      created_at: '2020-08-11T00:00:00.000+00:00',
    } satisfies Record<
      Exclude<keyof typeof updateBody.shape, 'id' | 'lists' | 'device_token' | 'device_platform'>,
      unknown
    >;
    expect(await updated('created', sent)).toEqual({ uid: 'created', ...sent });
  });
});

describe('reads', () => {
  /** The relations of a user object, as their tables. */
  const relations = /\b(devices|lists|list_memberships|segments|segment_memberships)\b/g;
  const tablesOf = (statements: string[]) =>
    statements.map((statement) => [...new Set(statement.match(relations) ?? [])]).sort();

  it('are not made for an update with the public key', async () => {
    const uid = await storedUser();
    const statements = await app.statementsOf(() => updated(uid, { first_name: 'Grace' }));
    expect(tablesOf(statements)).toEqual([[]]);
  });

  it('are one statement per relation with the secret, without the lists', async () => {
    const uid = await storedUser();
    const rest = restOf(app);
    await rest.get('/v1/users');
    const perRelation = [[], ['devices'], ['list_memberships'], ['segment_memberships', 'segments']];
    for (const send of [
      () => rest.put(`/v1/users/${uid}`, { first_name: 'Grace' }),
      () => rest.get(`/v1/users/${uid}`),
      () => rest.get('/v1/users?limit=20'),
    ]) {
      expect(tablesOf(await app.statementsOf(send))).toEqual(perRelation);
    }
  });

  it('are not made for a creation with the public key', async () => {
    const statements = await app.statementsOf(() => visitor.post('/v1/users', { id: 'unread' }));
    expect(new Set(tablesOf(statements).flat())).toEqual(new Set());
  });
});

describe('a creation returns the uid and', () => {
  it('nothing else if nothing was sent', async () => {
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

  it('no data of the user who has the uid already', async () => {
    const uid = await storedUser();
    expect(await visitor.post('/v1/users', { id: uid })).toEqual({
      status: 409,
      body: { error: `Another user has the uid "${uid}".`, code: 'UID_TAKEN' },
    });
  });
});

// This is documented (docs/production.md) rather than hidden: accepting and ignoring the update would lose data silently.
describe('whether a guessed e-mail address is correct is exposed', () => {
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

  it.each(guesses)('not to a key without users:identify: %s', async (_what, email) => {
    const uid = await storedUser();
    const key = await createKey(app.db, app.workspaceId, ['events:write']);
    const rest = restOf(app, basic(key.publicKey));
    expect(await rest.put(`/v1/users/${uid}`, { email })).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });

  it('for two points per guess', async () => {
    await using limited = await startApp({ rateLimits: { secret: 0, publicKey: 6 } });
    await addUser(limited, { uid: 'u144', email: 'ada@example.com' });
    const statuses = [];
    for (const email of ['a@example.com', 'ada@example.com', 'b@example.com', 'c@example.com']) {
      statuses.push((await restOf(limited, limited.publicKey).put('/v1/users/u144', { email })).status);
    }
    expect(statuses).toEqual([403, 200, 403, 429]);
  });
});
