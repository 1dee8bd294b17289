import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const allowed = 'https://app.example';

/** The CORS headers of the response to a query from an origin. */
async function query({ app, owner }: App, origin: string, authorization = owner) {
  const headers = { origin, authorization };
  const response = await app.inject({ method: 'POST', url: '/graphql', headers, payload: { query: '{ __typename }' } });
  return { status: response.statusCode, ...corsHeaders(response.headers) };
}

/** The CORS headers of the response to the preflight of such a query. */
async function preflight({ app }: App, origin: string) {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type,idempotency-key',
  };
  const response = await app.inject({ method: 'OPTIONS', url: '/graphql', headers });
  return { status: response.statusCode, ...corsHeaders(response.headers) };
}

/** Headers that allow a page to read the response and its rate limit headers. */
const readable = {
  'access-control-allow-origin': allowed,
  'access-control-expose-headers':
    'x-request-id, retry-after, ratelimit-limit, ratelimit-remaining, ratelimit-reset, x-ignored-fields, link, usergraph-read-after',
};

const corsHeaders = (headers: object) =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith('access-control-')));

describe('without CORS_ORIGINS', () => {
  it('no other origin may call', async () => {
    await using app = await startApp();
    expect(await query(app, allowed)).toEqual({ status: 200 });
    expect(await preflight(app, allowed)).toEqual({ status: expect.any(Number) });
  });
});

describe('with CORS_ORIGINS', () => {
  let app: App;
  beforeAll(async () => {
    app = await startApp({ corsOrigins: [allowed, 'https://other.example'] });
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it('a listed origin may call', async () => {
    expect(await query(app, allowed)).toEqual({ status: 200, ...readable });
  });

  it('another origin may not', async () => {
    for (const origin of ['https://evil.example', `${allowed}.evil.example`, 'http://app.example', 'null']) {
      expect(await query(app, origin)).not.toHaveProperty('access-control-allow-origin');
      expect(await preflight(app, origin)).not.toHaveProperty('access-control-allow-origin');
    }
  });

  it.each(['GET', 'POST', 'PUT', 'DELETE'])('a listed origin may %s', async (method) => {
    const headers = { origin: allowed, 'access-control-request-method': method };
    const response = await app.app.inject({ method: 'OPTIONS', url: '/v1/users/u1', headers });
    expect(String(response.headers['access-control-allow-methods']).split(', ')).toContain(method);
  });

  it('responses vary by origin', async () => {
    const { headers } = await app.app.inject({ url: '/health/live', headers: { origin: allowed } });
    expect(headers.vary).toMatch(/\borigin\b/i);
  });

  it('a preflight allows credentials and JSON', async () => {
    expect(await preflight(app, allowed)).toEqual({
      status: 204,
      'access-control-allow-origin': allowed,
      'access-control-allow-methods': expect.stringContaining('POST'),
      'access-control-allow-headers': 'authorization,content-type,idempotency-key',
      'access-control-max-age': '600',
      'access-control-expose-headers': readable['access-control-expose-headers'],
    });
  });

  it('a page can read the rejection of a compressed body', async () => {
    const headers = { origin: allowed, 'content-encoding': 'gzip' };
    const response = await app.app.inject({ method: 'PUT', url: '/v1/users/u1', headers, payload: 'x' });
    expect({ status: response.statusCode, ...corsHeaders(response.headers) }).toEqual({ status: 415, ...readable });
  });

  it.each([{}, { origin: allowed }])(
    'answers OPTIONS that is not a preflight like one, without a body: %o',
    async (headers) => {
      const response = await app.app.inject({ method: 'OPTIONS', url: '/v1/users', headers });
      expect([response.statusCode, response.body]).toEqual([204, '']);
    },
  );

  it('a page can read the rejection of its key', async () => {
    expect(await query(app, allowed, 'Basic d3Jvbmc6a2V5')).toEqual({ status: 401, ...readable });
  });
});
