import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { credentialsOf, type OfficialClient, officialClient, pagesOf } from '../../kit/official-client.ts';
import { pageIn } from '../../kit/rest.ts';
import { seedUsers, tens } from '../../kit/seed-rows.ts';

// The official client, @engage_so/js 1.6.0, unmodified.

let app: Awaited<ReturnType<typeof startApp>>;
let withKey: OfficialClient;
let withSecret: OfficialClient;

beforeAll(async () => {
  app = await startApp({ ownApp: true });
  withKey = await officialClient(app);
  withKey.init(credentialsOf(app.owner).key);
  withSecret = await officialClient(app);
  withSecret.init(credentialsOf(app.owner));
});
afterAll(() => app[Symbol.asyncDispose]());

const eventsOf = async (uid: string) => {
  const { id: userId } = await app.db.user.findFirstOrThrow({ where: { uid } });
  return app.db.event.findMany({ where: { userId }, select: { name: true, value: true, properties: true } });
};

describe('init', () => {
  it('accepts the key as an object', async () => {
    const client = await officialClient(app);
    client.init({ key: credentialsOf(app.owner).key });
    expect(await client.identify({ id: 'object' })).toMatchObject({ uid: 'object' });
  });

  it('with an unknown key: the error is a string', async () => {
    const client = await officialClient(app);
    client.init('pk_nobody');
    expect(await client.identify({ id: 'u1' })).toEqual({ error: expect.stringMatching(/key/i) });
  });
});

describe.each([
  ['the key alone', () => withKey, 'key'],
  ['key and secret', () => withSecret, 'secret'],
])('with %s', (_name, clientOf, prefix) => {
  it('identify creates the user and returns it', async () => {
    const uid = `${prefix}-identify`;
    const profile = { email: 'ada@example.com', first_name: 'Ada', last_name: 'Lovelace', number: '+2348012345678' };
    const response = await clientOf().identify({ id: uid, ...profile, created_at: '2020-08-11', plan: 'pro', age: 34 });
    expect(response).toMatchObject({
      uid,
      ...profile,
      meta: { plan: 'pro', age: 34 },
      created_at: '2020-08-11T00:00:00.000+00:00',
    });
  });

  it.each(['a#b', 'a?b'])(
    'identify does not write to another user for the uid "%s", which arrives truncated',
    async (id) => {
      await clientOf().identify({ id: 'a' });
      expect(await clientOf().identify({ id, first_name: 'Wrong' })).toEqual({
        error: expect.stringContaining('id must match the uid in the path, which must be percent-encoded'),
      });
      expect(await app.db.user.findMany({ where: { uid: 'a' }, select: { firstName: true } })).toEqual([
        { firstName: null },
      ]);
    },
  );

  it('identify accepts an id alone', async () => {
    expect(await clientOf().identify({ id: `${prefix}-bare` })).toMatchObject({ uid: `${prefix}-bare` });
  });

  it('identify accepts the same e-mail address again', async () => {
    const user = { id: `${prefix}-again`, email: 'again@example.com' };
    await clientOf().identify(user);
    expect(await clientOf().identify(user)).toMatchObject({ uid: user.id, email: user.email });
  });

  it('identify registers a device', async () => {
    const uid = `${prefix}-device`;
    const response = await clientOf().identify({ id: uid, device_token: `${prefix}token`, device_platform: 'ios' });
    expect(response).toMatchObject({ uid, devices: [{ token: `${prefix}token`, platform: 'ios' }] });
  });

  it.each(['a.jinadu@somecorp.email', 'Ada Lovelace', '5d2f9a0e-6a3b-4b6e-9a52-3c1f0d7f9a11', 'Ọláńrewájú'])(
    'identify, addAttribute and track accept the uid "%s", which the client does not encode',
    async (name) => {
      const uid = `${name} ${prefix}`;
      expect(await clientOf().identify({ id: uid })).toMatchObject({ uid });
      expect(await clientOf().addAttribute(uid, { plan: 'pro' })).toMatchObject({ uid, meta: { plan: 'pro' } });
      expect(await clientOf().track(uid, 'loggedin')).toEqual({ status: 'ok' });
    },
  );

  it('addAttribute adds fields and attributes', async () => {
    const uid = `${prefix}-attributes`;
    await clientOf().identify({ id: uid, plan: 'pro' });
    const attributes = { first_name: 'Opeyemi', active: true, created_at: '2020-08-11' };
    expect(await clientOf().addAttribute(uid, attributes)).toMatchObject({
      uid,
      first_name: 'Opeyemi',
      meta: { active: true },
    });
    expect(await withSecret.request(`/users/${uid}`, null, 'GET')).toMatchObject({
      meta: { plan: 'pro', active: true },
    });
  });

  it('identify stores is_account, and leaves out the attributes that cannot be stored, but not the rest', async () => {
    const uid = `${prefix}-leftout`;
    await clientOf().identify({ id: uid, age: 34 });
    const attributes = { is_account: true, plan: 'pro', tags: ['a'], address: { city: 'Lagos' }, age: null };
    expect(await clientOf().identify({ id: uid, ...attributes })).toMatchObject({
      uid,
      is_account: true,
      ignored: [{ path: ['meta', 'tags'] }, { path: ['meta', 'address'] }],
    });
    expect(await withSecret.request(`/users/${uid}`, null, 'GET')).toMatchObject({
      is_account: true,
      meta: { plan: 'pro' },
    });
  });

  it('identify and track accept Unix timestamps', async () => {
    const { uid, id: userId } = await addUser(app);
    expect(await clientOf().identify({ id: uid, created_at: 1_610_429_079 })).toMatchObject({
      created_at: '2021-01-12T05:24:39.000+00:00',
    });
    await clientOf().track(uid, { event: 'played', timestamp: 1_610_429_079_062 });
    expect(await app.db.event.findFirstOrThrow({ where: { userId } })).toMatchObject({
      timestamp: new Date('2021-01-12T05:24:39.062Z'),
    });
  });

  it.each<[string, (client: OfficialClient) => Promise<unknown>]>([
    ['POST /users/:uid/accounts', (client) => client.addToAccount('u1', 'a1', 'owner')],
    ['DELETE /users/:uid/accounts/:aid', (client) => client.removeFromAccount('u1', 'a1')],
    ['PUT /users/:uid/accounts/:aid', (client) => client.changeAccountRole('u1', 'a1', 'owner')],
    ['POST /users/:uid/convert', (client) => client.convertToCustomer('u1')],
    ['POST /users/:uid/convert', (client) => client.convertToAccount('u1')],
  ])('%s says that it is not served', async (call, act) => {
    expect(await act(clientOf())).toEqual({
      error: `usergraph does not serve ${call}. The operations that it serves are documented at /v1/docs.`,
    });
  });

  it('track accepts an event name alone, with the value true', async () => {
    const { uid } = await addUser(app);
    expect(await clientOf().track(uid, 'loggedin')).toEqual({ status: 'ok' });
    expect(await eventsOf(uid)).toMatchObject([{ name: 'loggedin', value: true }]);
  });

  it('track accepts an event as an object', async () => {
    const { uid } = await addUser(app);
    const event = { event: 'played', value: 'vid_133', timestamp: '2020-05-30T09:30:10Z' };
    expect(await clientOf().track(uid, { ...event, properties: { ip: '127.0.0.1' } })).toEqual({ status: 'ok' });
    expect(await eventsOf(uid)).toMatchObject([{ name: 'played', value: 'vid_133', properties: { ip: '127.0.0.1' } }]);
  });

  it('the error for an invalid parameter is a string', async () => {
    expect(await clientOf().identify({ id: 'u1', number: 'none' })).toEqual({
      error: 'number must be a phone number in international format, such as +2348012345678',
    });
  });

  it('the error for an unknown user is a string', async () => {
    expect(await clientOf().track('nobody', 'loggedin')).toEqual({ error: 'User not found.' });
  });
});

it('the error for an exceeded rate limit is a string', async () => {
  await using limited = await startApp({ rateLimits: { secret: 0, publicKey: 2 } });
  const client = await officialClient(limited);
  client.init(credentialsOf(limited.owner).key);
  expect(await client.identify({ id: 'u1' })).toMatchObject({ uid: 'u1' });
  expect(await client.identify({ id: 'u1' })).toEqual({ error: expect.stringContaining('retry in') });
});

describe('request', () => {
  it('GET reads a user', async () => {
    const { uid, id } = await addUser(app, { firstName: 'Ada' });
    expect(await withSecret.request(`/users/${uid}`, null, 'GET')).toMatchObject({ id, uid, first_name: 'Ada' });
  });

  it('DELETE deletes a user', async () => {
    const { uid } = await addUser(app);
    expect(await withSecret.request(`/users/${uid}`, null, 'DELETE')).toEqual({ status: 'ok' });
    expect(await withSecret.request(`/users/${uid}`, null, 'GET')).toEqual({ error: 'User not found.' });
  });

  it.each(['GET', 'DELETE'])('%s with the key alone is rejected with a string', async (method) => {
    const { uid } = await addUser(app);
    expect(await withKey.request(`/users/${uid}`, null, method)).toEqual({
      error: expect.stringContaining('requires the scope users:'),
    });
  });

  it('lists users page by page, forward and backward', async () => {
    await using listed = await startApp({ ownApp: true });
    await seedUsers(listed, tens(5));
    const client = await officialClient(listed);
    client.init(credentialsOf(listed.owner));
    expect(await pagesOf(client, 2)).toEqual([['u50', 'u40'], ['u30', 'u20'], ['u10']]);

    const { next } = pageIn(await client.request('/users?limit=2', null, 'GET'));
    const second = pageIn(await client.request(`/users?limit=2&next_cursor=${next}`, null, 'GET'));
    const back = await client.request(`/users?limit=2&previous_cursor=${second.previous}`, null, 'GET');
    expect(pageIn(back).uids).toEqual(['u50', 'u40']);
  });
});
