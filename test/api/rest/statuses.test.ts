import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addDevices, addUser } from '../../kit/factories.ts';
import { inject, restOf } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app[Symbol.asyncDispose]());

const operations: [NonNullable<InjectOptions['method']>, string][] = [
  ['POST', '/v1/users'],
  ['GET', '/v1/users/u1'],
  ['PUT', '/v1/users/u1'],
  ['POST', '/v1/users/u1/events'],
  ['GET', '/v1/users'],
  ['POST', '/v1/users/search'],
  ['DELETE', '/v1/users/u1'],
  ['DELETE', '/v1/users/u1/tokens/t1'],
];

const error = (code: string) => ({ error: expect.any(String), code });

/** Sends raw bytes as the owner. */
const send = (request: InjectOptions) =>
  inject(app, {
    method: 'PUT',
    url: '/v1/users/bytes',
    ...request,
    headers: { authorization: app.owner, 'content-type': 'application/json', ...request.headers },
  });

describe.each(operations)('401: %s %s', (method, url) => {
  it.each([
    ['no credentials', {}],
    ['an unknown key', { authorization: `Basic ${btoa('pk_nobody:')}` }],
    ['no Basic scheme', { authorization: 'Bearer x' }],
  ])('with %s', async (_name, headers) => {
    expect(await inject(app, { method, url, headers })).toEqual({ status: 401, body: error('UNAUTHENTICATED') });
  });
});

it('401 names the authentication schemes', async () => {
  const { headers } = await app.app.inject({ url: '/v1/users' });
  expect(headers['www-authenticate']).toMatch(/^Basic realm=/);
});

describe('403', () => {
  it.each([
    ['GET', '/v1/users'],
    ['GET', '/v1/users/u1'],
    ['POST', '/v1/users/search'],
    ['DELETE', '/v1/users/u1'],
  ] as const)('%s %s requires the secret, and runs no SQL', async (method, url) => {
    const headers = { authorization: app.publicKey };
    await inject(app, { method, url, headers });
    const statements = await app.statementsOf(async () => {
      expect(await inject(app, { method, url, headers })).toEqual({ status: 403, body: error('FORBIDDEN') });
    });
    expect(statements).toEqual([]);
  });

  it.each(operations)('%s %s requires a scope of the key', async (method, url) => {
    const authorization = await app.withScopes('schema:read');
    expect(await inject(app, { method, url, headers: { authorization } })).toEqual({
      status: 403,
      body: error('FORBIDDEN'),
    });
  });
});

it.each([
  ['DELETE', '/v1/users'],
  ['POST', '/v1/users/u1/nothing'],
  ['PUT', '/health/live'],
] as const)('404: %s %s, regardless of the body', async (method, url) => {
  expect(await send({ method, url })).toEqual({ status: 404, body: error('NOT_FOUND') });
  expect(await send({ method, url, payload: '{' })).toEqual({ status: 404, body: error('NOT_FOUND') });
});

it('414: a uid of 5,000 characters, which the response does not repeat', async () => {
  const response = await send({ method: 'GET', url: `/v1/users/${'u'.repeat(5_000)}` });
  const message = 'A path segment must have at most 4096 characters.';
  expect(response).toEqual({ status: 414, body: { error: message, code: 'LIMIT_EXCEEDED' } });
});

describe('404', () => {
  it.each(['GET', 'DELETE'] as const)('%s an unknown user', async (method) => {
    expect(await send({ method, url: '/v1/users/nobody' })).toEqual({ status: 404, body: error('NOT_FOUND') });
  });

  it('an event of an unknown user', async () => {
    const response = await restOf(app).post('/v1/users/nobody/events', { event: 'Paid' });
    expect(response).toEqual({ status: 404, body: error('NOT_FOUND') });
  });

  it('another workspace’s user is like an unknown one', async () => {
    const user = await addUser(app);
    await addDevices(app, user, ['foreign']);
    const stranger = restOf(app, app.stranger.owner);
    for (const response of [
      await stranger.get(`/v1/users/${user.uid}`),
      await stranger.post(`/v1/users/${user.uid}/events`, { event: 'Paid' }),
      await stranger.delete(`/v1/users/${user.uid}/tokens/foreign`),
      await stranger.delete(`/v1/users/${user.uid}`),
    ]) {
      expect(response).toEqual({ status: 404, body: error('NOT_FOUND') });
    }
    expect(await restOf(app).get(`/v1/users/${user.uid}`)).toMatchObject({ body: { devices: [{ token: 'foreign' }] } });
  });

  it.each(['/v1', '/v1/nothing', '/v1/users/u1/nothing'])('%s is not found', async (url) => {
    expect(await send({ method: 'GET', url })).toEqual({ status: 404, body: error('NOT_FOUND') });
  });
});

it('409: a uid that is taken', async () => {
  const { uid } = await addUser(app);
  expect(await restOf(app).post('/v1/users', { id: uid })).toEqual({ status: 409, body: error('UID_TAKEN') });
});

it('413: a body of more than 1 MiB', async () => {
  const payload = JSON.stringify({ first_name: 'x'.repeat(1024 * 1024) });
  expect(await send({ payload })).toEqual({ status: 413, body: error('LIMIT_EXCEEDED') });
});

it.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp', 'multipart/form-data; boundary=x'])(
  '415: a body as %s',
  async (type) => {
    const response = await send({ payload: '{}', headers: { 'content-type': type } });
    expect(response).toEqual({ status: 415, body: error('BAD_USER_INPUT') });
  },
);

describe('400', () => {
  it.each<[string, InjectOptions]>([
    ['broken JSON', { payload: '{"first_name": "A' }],
    ['bytes that are not UTF-8', { payload: Buffer.from('{"first_name": "\xff"}', 'latin1') }],
    ['bad percent-encoding', { url: '/v1/users/%zz', payload: '{}' }],
    ['percent-encoding that is not UTF-8', { url: '/v1/users/%ff', payload: '{}' }],
  ])('%s', async (_name, request) => {
    expect(await send(request)).toEqual({ status: 400, body: error('BAD_USER_INPUT') });
  });

  it.each(['null', '[]', '7', '"text"', '{"first_name": "\\u0000"}', '{"first_name": "\\ud800"}'])(
    'the body %s',
    async (payload) => {
      expect(await send({ payload })).toMatchObject({ status: 400, body: error('VALIDATION_FAILED') });
    },
  );

  it.each(['/v1/users', '/v1/users/u1/events'])('POST %s without a body', async (url) => {
    expect(await restOf(app).post(url)).toMatchObject({ status: 400, body: error('VALIDATION_FAILED') });
  });
});

it.each<[string, Record<string, string>]>([
  ['a JSON content type', {}],
  ['a JSON content type and a length of zero', { 'content-length': '0' }],
])('DELETE accepts %s without a body', async (_name, headers) => {
  const { uid } = await addUser(app);
  expect(await send({ method: 'DELETE', url: `/v1/users/${uid}`, headers })).toEqual({
    status: 200,
    body: { status: 'ok' },
  });
});
