import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { inject, type RestCaller, restOf } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let rest: RestCaller;

beforeAll(async () => {
  app = await startApp();
  rest = restOf(app);
});
afterAll(() => app[Symbol.asyncDispose]());

const put = (body: unknown) => rest.put('/v1/users/values', body);

describe('id of an update', () => {
  it.each(['values', null, {}, '01932f5e-0000-7000-8000-000000000000'])('may be %o', async (id) => {
    expect(await put({ id })).toMatchObject({ status: 200, body: { uid: 'values' } });
  });

  it.each(['other', 7])('may not be %o', async (id) => {
    expect(await put({ id })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['id'], code: 'CONTRADICTION' }] },
    });
  });
});

describe('number', () => {
  it.each(['+2348012345678', '2348012345678', 2348012345678, '+234 801 234 5678', '(234) 801-234-5678'])(
    'accepts %s, and stores E.164',
    async (number) => {
      expect(await put({ number })).toMatchObject({ status: 200, body: { number: '+2348012345678' } });
    },
  );

  it.each(['', 'x', '12', true, -2348012345678, 1e21, ['+2348012345678']])('rejects %s', async (number) => {
    expect(await put({ number })).toMatchObject({ status: 400, body: { issues: [{ path: ['number'] }] } });
  });
});

describe('created_at', () => {
  it.each([
    ['2021-01-12T05:24:39.062+00:00', '2021-01-12T05:24:39.062+00:00'],
    ['2021-01-12T05:24:39.062Z', '2021-01-12T05:24:39.062+00:00'],
    ['2021-01-12T05:24:39+01:00', '2021-01-12T04:24:39.000+00:00'],
    ['2021-01-12T05:24:39', '2021-01-12T05:24:39.000+00:00'],
    ['2021-01-12T05:24', '2021-01-12T05:24:00.000+00:00'],
    ['2021-01-12 05:24:39', '2021-01-12T05:24:39.000+00:00'],
    ['2021-01-12 05:24:39+01:00', '2021-01-12T04:24:39.000+00:00'],
    ['2021-01-12', '2021-01-12T00:00:00.000+00:00'],
    ['2021-01-12T05:24Z', '2021-01-12T05:24:00.000+00:00'],
    ['2021-01-12t05:24:39z', '2021-01-12T05:24:39.000+00:00'],
    ['2021-01-12T05:24:39+0100', '2021-01-12T04:24:39.000+00:00'],
    ['2021-01-12T05:24:39-03', '2021-01-12T08:24:39.000+00:00'],
    ['2021-01-12 05:24:39 +0000', '2021-01-12T05:24:39.000+00:00'],
    ['2021-01-12 05:24:39 UTC', '2021-01-12T05:24:39.000+00:00'],
    ['2020-02-29', '2020-02-29T00:00:00.000+00:00'],
    ['Tue, 12 Jan 2021 05:24:39 GMT', '2021-01-12T05:24:39.000+00:00'],
    ['12 Jan 2021 05:24:39 +0100', '2021-01-12T04:24:39.000+00:00'],
    ['2 Jan 2021 05:24 UTC', '2021-01-02T05:24:00.000+00:00'],
    ['Sat, 29 Feb 2020 23:59:59 -0330', '2020-03-01T03:29:59.000+00:00'],
    ['Fri, 01 Jan 2021 00:30:00 +0200', '2020-12-31T22:30:00.000+00:00'],
    ['12 Jan 2021 05:24:39 -0000', '2021-01-12T05:24:39.000+00:00'],
    ['12 Jan 2021 05:24:39 Z', '2021-01-12T05:24:39.000+00:00'],
    ['12 Jan 2021 05:24:39 +2359', '2021-01-11T05:25:39.000+00:00'],
    ['0001-01-01', '0001-01-01T00:00:00.000+00:00'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999+00:00'],
    [1610429079, '2021-01-12T05:24:39.000+00:00'],
    [1610429079.062, '2021-01-12T05:24:39.062+00:00'],
    [1610429079062, '2021-01-12T05:24:39.062+00:00'],
    ['1610429079', '2021-01-12T05:24:39.000+00:00'],
    ['1610429079062', '2021-01-12T05:24:39.062+00:00'],
    [0, '1970-01-01T00:00:00.000+00:00'],
    [-86400, '1969-12-31T00:00:00.000+00:00'],
    [99_999_999_999, '5138-11-16T09:46:39.000+00:00'],
    [100_000_000_000, '1973-03-03T09:46:40.000+00:00'],
  ])('accepts %s', async (sent, stored) => {
    expect(await put({ created_at: sent })).toMatchObject({ status: 200, body: { created_at: stored } });
  });

  it.each([
    '',
    'yesterday',
    '2021-02-30',
    '2021-02-30T00:00:00Z',
    '2021-02-30 00:00:00',
    'Tue, 30 Feb 2021 05:24:39 GMT',
    '12 Foo 2021 05:24:39 GMT',
    '12 Jan 0021 05:24:39 GMT',
    'Wed, 12 Jan 2021 05:24:39 GMT',
    'Foo, 12 Jan 2021 05:24:39 GMT',
    'Fri, 31 Dec 2020 23:30:00 -0200',
    'Tue, 12 Jan 2021 24:00:00 GMT',
    '12 Jan 2021 24:00 GMT',
    '12 Jan 2021 25:00:00 GMT',
    '12 Jan 2021 23:59:60 GMT',
    '12 Jan 2021 23:60:00 GMT',
    '12 Jan 2021 05:24:39 +2400',
    '12 Jan 2021 05:24:39 +0160',
    '12 Jan 2021 05:24:39 -9999',
    '00 Jan 2021 05:24:39 GMT',
    '2021-01-12T24:00:00Z',
    '2021-01-12T23:59:60Z',
    '2021-01-12T05:24:39+24:00',
    '2021-01-12T05:24:39+01:60',
    '2021-13-01',
    '2021-01-12T25:00:00Z',
    '2021',
    '01/12/2021',
    '0000-12-31',
    '9999-12-31T23:59:59-01:00',
    '12345-01-01',
    1e15,
    -1e14,
    '20210112',
    '202101120524',
    '20210112052439',
    true,
    {},
  ])('rejects %s', async (sent) => {
    expect(await put({ created_at: sent })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['created_at'] }] },
    });
  });

  it('cannot be cleared', async () => {
    expect(await put({ created_at: null })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['created_at'] }] },
    });
  });
});

describe('meta', () => {
  it('accepts strings, numbers and booleans', async () => {
    const meta = { plan: 'pro', age: 34.5, active: false };
    expect(await put({ meta })).toMatchObject({
      status: 200,
      body: { meta: { plan: 'pro', age: 34.5, active: false } },
    });
  });

  it.each([[[]], ['text'], [7]])('rejects %j', async (meta) => {
    expect(await put({ meta })).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });
});

describe('the fields of accounts and apps', () => {
  const none = { is_account: false, tz: null, app_version: null, app_build: null, app_last_active: null };
  const all = {
    is_account: true,
    tz: 'Africa/Lagos',
    app_version: '3.1.0',
    app_build: '3001',
    app_last_active: '2026-11-27T08:51:14.123+00:00',
  };

  it('are stored, kept, and cleared with null', async () => {
    expect(await put(all)).toMatchObject({ status: 200, body: all });
    expect(await put({ first_name: 'Ada' })).toMatchObject({ status: 200, body: all });
    expect(await rest.get('/v1/users/values')).toMatchObject({ body: all });
    const nulls = Object.fromEntries(Object.keys(all).map((name) => [name, null]));
    expect(await put(nulls)).toMatchObject({ status: 200, body: none });
    expect(await rest.post('/v1/users', { id: 'created', ...all })).toMatchObject({ status: 200, body: all });
    expect(await rest.post('/v1/users', { id: 'nulls', ...nulls })).toMatchObject({ status: 200, body: none });
  });

  it('are returned to callers with the public key alone as they were sent', async () => {
    const visitor = restOf(app, app.publicKey);
    expect((await visitor.put('/v1/users/values', all)).body).toEqual({ uid: 'values', ...all });
    expect((await visitor.put('/v1/users/values', { tz: null })).body).toEqual({ uid: 'values', tz: null });
  });

  it.each([
    ['app_version', 3, '3'],
    ['app_version', 1.5, '1.5'],
    ['app_build', 3001, '3001'],
    ['app_build', '', ''],
    ['tz', 'Asia/Kolkata', 'Asia/Kolkata'],
    ['tz', 'US/Pacific', 'US/Pacific'],
    ['app_last_active', 1_795_769_474, '2026-11-27T08:51:14.000+00:00'],
    ['app_last_active', '2026-11-27T08:51:14.123456', '2026-11-27T08:51:14.123+00:00'],
  ])('%s accepts %j', async (name, sent, stored) => {
    expect(await put({ [name]: sent })).toMatchObject({ status: 200, body: { [name]: stored } });
  });

  it.each([
    ['is_account', 'yes', 'INVALID_TYPE'],
    ['tz', '+01:00', 'INVALID_TIME_ZONE'],
    ['tz', 'Lagos', 'INVALID_TIME_ZONE'],
    ['tz', '', 'INVALID_TIME_ZONE'],
    ['tz', 1, 'INVALID_TYPE'],
    ['app_version', 'x'.repeat(65), 'TOO_LONG'],
    ['app_build', 'a\nb', 'INVALID_CHARACTER'],
    ['app_build', 2 ** 53, 'UNSAFE_NUMBER'],
    ['app_last_active', 'today', 'INVALID_DATE'],
  ])('%s rejects %j', async (name, sent, code) => {
    expect(await put({ [name]: sent })).toMatchObject({ status: 400, body: { issues: [{ path: [name], code }] } });
  });
});

it.each([
  ['PUT', 'meta', ''],
  ['POST', 'properties', '/events'],
] as const)('%s rejects %s with 100,000 levels', async (method, name, suffix) => {
  const { uid } = await addUser(app);
  const payload = `{${suffix ? '"event":"Paid",' : ''}"${name}":{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
  const headers = { authorization: app.owner, 'content-type': 'application/json', prefer: 'handling=strict' };
  expect(await inject(app, { method, url: `/v1/users/${uid}${suffix}`, headers, payload })).toMatchObject({
    status: 400,
    body: { issues: [{ path: [name, 'a'], code: 'INVALID_TYPE' }] },
  });
});

describe('device_platform', () => {
  it.each(['windows', 'IOS', 7])('rejects %s', async (platform) => {
    expect(await put({ device_token: 't', device_platform: platform })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['device_platform'] }] },
    });
  });

  it('alone is ignored', async () => {
    expect(await put({ device_platform: 'ios' })).toMatchObject({ status: 200, body: { devices: [] } });
  });
});

describe('events', () => {
  it.each(['text', 49.99, 0, true, false, null])('accept the value %j', async (value) => {
    const { uid, id } = await addUser(app);
    await rest.post(`/v1/users/${uid}/events`, { event: 'Paid', value });
    expect(await app.db.event.findMany({ where: { userId: id } })).toMatchObject([{ name: 'Paid', value }]);
  });

  it.each([
    ['event', {}],
    ['event', { event: '' }],
    ['event', { event: 7 }],
    ['value', { event: 'Paid', value: {} }],
    ['properties', { event: 'Paid', properties: ['a'] }],
    ['timestamp', { event: 'Paid', timestamp: 'yesterday' }],
  ])('are rejected for an invalid %s: %j', async (name, event) => {
    const { uid } = await addUser(app);
    const issues = [{ path: expect.arrayContaining([name]) }];
    expect(await rest.post(`/v1/users/${uid}/events`, event)).toMatchObject({ status: 400, body: { issues } });
  });

  it('get the current time by default', async () => {
    const { uid, id } = await addUser(app);
    const before = new Date();
    await rest.post(`/v1/users/${uid}/events`, { event: 'Paid', timestamp: null });
    const [event] = await app.db.event.findMany({ where: { userId: id } });
    expect(event?.timestamp.getTime()).toBeGreaterThanOrEqual(before.getTime());
  });
});
