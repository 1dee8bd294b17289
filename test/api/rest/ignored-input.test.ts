import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';

let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends a body and returns the status, the body, and the header that lists what was ignored. */
async function send(method: 'POST' | 'PUT' | 'DELETE', url: string, body: unknown, prefer?: string) {
  const headers = { authorization: app.owner, 'content-type': 'application/json', ...(prefer ? { prefer } : {}) };
  const response = await app.app.inject({ method, url: `/v1${url}`, headers, payload: JSON.stringify(body) });
  return {
    status: response.statusCode,
    body: response.json(),
    ignoredFields: response.headers['x-ignored-fields'],
  };
}

describe('unknown fields', () => {
  it('are listed in X-Ignored-Fields, and nothing else is', async () => {
    const sent = { id: 'unknown1', first_name: 'Ada', uid: 'other', segments: [], removeMeta: 7, firstName: 'Bo' };
    expect(await send('POST', '/users', sent)).toMatchObject({
      status: 200,
      body: { uid: 'unknown1', first_name: 'Ada' },
      ignoredFields: 'uid, segments, removeMeta, firstName',
    });
    expect((await send('PUT', '/users/unknown1', { id: 'unknown1', first_name: 'Ada' })).ignoredFields).toBeUndefined();
    const { uid } = await addUser(app);
    expect(await send('POST', `/users/${uid}/events`, { event: 'Paid', name: 'x' })).toEqual({
      status: 200,
      body: { status: 'ok' },
      ignoredFields: 'name',
    });
    expect(await send('DELETE', `/users/${uid}`, { reason: 'x' })).toMatchObject({ ignoredFields: 'reason' });
  });

  it('have percent-encoded names, of which at most 2 KB are listed', async () => {
    const sent = { 'a, b': 1, 'é\r\nX-Injected: 1': 1, '\ud800': 1, __proto: 1, toString: 1 };
    const { ignoredFields } = await send('PUT', '/users/names', sent);
    expect(ignoredFields).toBe('a%2C%20b, %C3%A9%0D%0AX-Injected%3A%201, %EF%BF%BD, __proto, toString');
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, number) => [`field${number}`, number]));
    const long = String((await send('PUT', '/users/names', many)).ignoredFields);
    expect(long).toMatch(/^field0, field1, .*, \.\.\.$/);
    expect(long.length).toBeLessThan(2100);
  });

  it('are rejected with handling=strict, all at once and with all other issues', async () => {
    const sent = { nickname: 'A', number: 'x', device_platform: 'ios' };
    expect(await send('PUT', '/users/strict', sent, 'respond-async, handling=strict')).toMatchObject({
      status: 400,
      body: {
        code: 'VALIDATION_FAILED',
        issues: [
          { path: ['nickname'], code: 'UNKNOWN_FIELD' },
          { path: ['device_platform'], code: 'REQUIRED' },
          { path: ['number'], code: 'INVALID_NUMBER' },
        ],
      },
    });
    expect(await app.db.user.count({ where: { uid: 'strict' } })).toBe(0);
  });

  it('include a platform without a token', async () => {
    expect(await send('PUT', '/users/platform', { device_platform: 'ios' })).toMatchObject({
      status: 200,
      ignoredFields: 'device_platform',
    });
  });
});

describe('attributes', () => {
  const invalid = {
    tags: ['a', 'b'],
    address: { city: 'Lagos' },
    '': 1,
    ['k'.repeat(65)]: 1,
    broken: '\ud800',
    huge: 2 ** 60,
  };

  it('that cannot be stored are left out and named, and do not lose the rest', async () => {
    const sent = { first_name: 'Ada', meta: { plan: 'pro', ...invalid } };
    const { status, body, ignoredFields } = await send('PUT', '/users/lenient', sent);
    expect({ status, body }).toMatchObject({
      status: 200,
      body: {
        first_name: 'Ada',
        meta: { plan: 'pro' },
        ignored: [
          { path: ['meta', 'tags'], code: 'INVALID_TYPE', message: 'must be a string, a finite number or a boolean' },
          { path: ['meta', 'address'], code: 'INVALID_TYPE' },
          { path: ['meta', ''], code: 'INVALID_KEY' },
          { path: ['meta', 'k'.repeat(65)], code: 'INVALID_KEY' },
          { path: ['meta', 'broken'], code: 'INVALID_CHARACTER' },
          { path: ['meta', 'huge'], code: 'UNSAFE_NUMBER' },
        ],
      },
    });
    expect(ignoredFields).toMatch(/^meta\.tags, meta\.address, meta\., meta\.k{65}, meta\.broken, meta\.huge$/);
  });

  it('that cannot be stored are named to callers with the public key alone', async () => {
    const response = await app.app.inject({
      method: 'PUT',
      url: '/v1/users/lenient2',
      headers: { authorization: app.publicKey, 'content-type': 'application/json' },
      payload: JSON.stringify({ meta: { plan: 'pro', tags: [] } }),
    });
    expect(response.json()).toEqual({
      uid: 'lenient2',
      meta: { plan: 'pro' },
      ignored: [{ path: ['meta', 'tags'], code: 'INVALID_TYPE', message: expect.any(String) }],
    });
  });

  it.each(['handling=strict', 'Handling = "strict"; x=1', 'wait=10, handling=strict'])(
    'that cannot be stored are rejected with Prefer: %s',
    async (prefer) => {
      const { status, body } = await send('PUT', '/users/strictmeta', { meta: { plan: 'pro', ...invalid } }, prefer);
      expect(status).toBe(400);
      expect(body.issues.map(({ path }: { path: string[] }) => path[1])).toEqual(Object.keys(invalid));
      expect(await app.db.user.count({ where: { uid: 'strictmeta' } })).toBe(0);
    },
  );

  it.each(['handling=lenient', 'return=minimal', 'nohandling=strict'])(
    'are lenient with Prefer: %s',
    async (prefer) => {
      expect(await send('PUT', '/users/lenient', { meta: { tags: [] } }, prefer)).toMatchObject({ status: 200 });
    },
  );

  it.each(['handling=lenient', 'handling=strict'])('of null are removed, with %s', async (prefer) => {
    const { uid } = await addUser(app, { meta: { plan: 'pro', age: 34, city: 'Lagos' } });
    const { body, ignoredFields } = await send(
      'PUT',
      `/users/${uid}`,
      { meta: { age: null, none: null, plan: 'free' } },
      prefer,
    );
    expect(body).toMatchObject({ meta: { plan: 'free', city: 'Lagos' } });
    expect(body).not.toHaveProperty('meta.age');
    expect(body).not.toHaveProperty('ignored');
    expect(ignoredFields).toBeUndefined();
  });

  it('of null are omitted from a new user and from an event', async () => {
    expect(await send('POST', '/users', { id: 'nulls', meta: { a: null, b: 1 } })).toMatchObject({
      body: { meta: { b: 1 } },
    });
    const properties = { a: null, b: 1, c: [1] };
    expect(await send('POST', '/users/nulls/events', { event: 'Paid', properties })).toMatchObject({
      status: 200,
      body: { status: 'ok', ignored: [{ path: ['properties', 'c'], code: 'INVALID_TYPE' }] },
      ignoredFields: 'properties.c',
    });
    const { id } = await app.db.user.findFirstOrThrow({ where: { uid: 'nulls' } });
    expect(await app.db.event.findFirstOrThrow({ where: { userId: id } })).toMatchObject({ properties: { b: 1 } });
  });

  /** Attributes with the same value and numbered names. */
  const repeat = (count: number, value: unknown, name: string) =>
    Object.fromEntries(Array.from({ length: count }, (_, place) => [`${name}${place}`, value]));

  const writes: [name: string, write: (attributes: object) => ReturnType<typeof send>][] = [
    ['PUT /users/{uid}', (meta) => send('PUT', '/users/counted', { meta })],
    ['POST /users', (meta) => send('POST', '/users', { id: `counted${Math.random()}`.replace('.', ''), meta })],
    [
      'POST /users/{uid}/events',
      async (properties) => send('POST', `/users/${(await addUser(app)).uid}/events`, { event: 'Paid', properties }),
    ],
  ];

  describe.each(writes)('of %s', (_name, write) => {
    it.each([
      [1, 1, 99],
      [50, 40, 11],
      [90, 60, 0],
      [90, 0, 60],
      [100, 110, 150],
    ])('count only if they are stored: %i valid, %i that cannot be stored, %i null', async (valid, invalid, nulls) => {
      const attributes = { ...repeat(nulls, null, 'n'), ...repeat(invalid, [], 'a'), ...repeat(valid, 1, 'v') };
      const { status, body, ignoredFields } = await write(attributes);
      expect({ status, body }).toMatchObject({ status: 200 });
      expect(body.ignored ?? []).toHaveLength(Math.min(invalid, 100));
      expect(String(ignoredFields ?? '').match(/\ba\d+/g) ?? []).toHaveLength(invalid);
    });

    it('are rejected if more than 100 would be stored, and the message counts those', async () => {
      const attributes = { ...repeat(10, null, 'n'), ...repeat(10, [], 'a'), ...repeat(101, 1, 'v') };
      const { status, body } = await write(attributes);
      const issues = [{ code: 'TOO_MANY', message: 'must have at most 100 keys; got 101' }];
      expect({ status, body }).toMatchObject({ status: 400, body: { issues } });
      expect(body.issues[0].path).toEqual([expect.stringMatching(/^(meta|properties)$/)]);
    });
  });

  it('of null are removed, up to 1,000 in one update', async () => {
    const { uid } = await addUser(app, { meta: { ...repeat(99, 1, 'n'), plan: 'pro' } });
    expect(await send('PUT', `/users/${uid}`, { meta: repeat(1001, null, 'n') })).toMatchObject({
      status: 400,
      body: {
        error: 'meta must have at most 1000 keys of null; got 1001',
        issues: [{ path: ['meta'], code: 'TOO_MANY' }],
      },
    });
    const { status, body } = await send('PUT', `/users/${uid}`, { meta: repeat(1000, null, 'n') });
    expect({ status, meta: body.meta }).toEqual({ status: 200, meta: { plan: 'pro' } });
  });

  it('are named up to a limit that keeps the response small', async () => {
    const sent = { first_name: 'Ada', meta: { plan: 'pro', ...repeat(50_000, [], 'a') } };
    const { status, body, ignoredFields } = await send('PUT', '/users/countless', sent);
    expect({ status, body }).toMatchObject({ status: 200, body: { first_name: 'Ada', meta: { plan: 'pro' } } });
    expect(body.ignored).toHaveLength(100);
    expect(ignoredFields).toMatch(/, \.\.\.$/);
  });

  it('beyond 16 KB are rejected, since the gateway cannot choose between them', async () => {
    expect(await send('PUT', '/users/lenient', { meta: { a: 'x'.repeat(17_000), b: [] } })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['meta'], code: 'TOO_LARGE' }] },
    });
  });

  it('of any depth are left out', async () => {
    const headers = { authorization: app.owner, 'content-type': 'application/json' };
    const payload = `{"meta":{"plan":"pro","deep":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`;
    const response = await app.app.inject({ method: 'PUT', url: '/v1/users/deep', headers, payload });
    expect(response.json()).toMatchObject({ meta: { plan: 'pro' }, ignored: [{ path: ['meta', 'deep'] }] });
  });
});
