import { randomUUID } from 'node:crypto';
import { channel } from 'node:diagnostics_channel';
import type { FastifyRequest } from 'fastify';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { inject, pageIn, restOf } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let list: Awaited<ReturnType<typeof addList>>;
let segment: Awaited<ReturnType<typeof addSegment>>;

const DAY = 24 * 60 * 60 * 1000;

beforeAll(async () => {
  app = await startApp();
  list = await addList(app);
  segment = await addSegment(app, 'Payers');
  const ada = await addUser(app, {
    uid: 'ada',
    firstName: 'Ada',
    email: 'Ada@Example.com',
    timeZone: 'Africa/Lagos',
    appLastActiveAt: new Date('2026-02-01T00:00:00Z'),
    createdAt: new Date('2026-01-01T00:00:00Z'),
    meta: { plan: 'pro', age: 34, vip: true },
  });
  const ben = await addUser(app, {
    uid: 'ben',
    firstName: 'Ben',
    createdAt: new Date('2026-01-02T00:00:00Z'),
    meta: { plan: 'free', age: 'unknown' },
  });
  await addUser(app, { uid: 'cleo', isAccount: true, createdAt: new Date(Date.now() - DAY) });
  await addToList(app, list, ada);
  await addToList(app, list, ben, false);
  await addToSegment(app, segment, ben, true);
  const rest = restOf(app);
  await rest.put('/v1/users/ada', { device_token: 't1', device_platform: 'ios' });
  for (const value of [20, 30]) {
    await rest.post('/v1/users/ada/events', { event: 'Paid', value, properties: { currency: 'NGN' } });
  }
});
afterAll(() => app[Symbol.asyncDispose]());

const search = (body: unknown, caller?: string) => restOf(app, caller).post('/v1/users/search', body);

/** Sends a body as JSON text, which can contain numbers and nesting that `JSON.stringify` cannot write. */
const searchText = (payload: string) =>
  inject(app, {
    method: 'POST',
    url: '/v1/users/search',
    headers: { authorization: app.owner, 'content-type': 'application/json' },
    payload,
  });
const uidsOf = async (body: unknown) => pageIn((await search(body)).body).uids;

describe('where', () => {
  it.each<[string, () => object, string[]]>([
    ['nothing', () => ({}), ['cleo', 'ben', 'ada']],
    ['a text, regardless of case', () => ({ email: { eq: 'ada@example.com' } }), ['ada']],
    ['a text, with regard to case', () => ({ email: { starts_with: 'ada', case_sensitive: true } }), []],
    ['one of several texts', () => ({ first_name: { in: ['ada', 'Zoe'] } }), ['ada']],
    ['other texts', () => ({ first_name: { not_in: ['ada'] } }), ['ben']],
    ['a missing text', () => ({ first_name: { is_null: true } }), ['cleo']],
    ['tz', () => ({ tz: { eq: 'Africa/Lagos' } }), ['ada']],
    ['app_last_active', () => ({ app_last_active: { lt: '2026-02-02' } }), ['ada']],
    ['a boolean', () => ({ is_account: { eq: true } }), ['cleo']],
    ['a date', () => ({ created_at: { gte: '2026-01-02', lt: '2026-01-03' } }), ['ben']],
    ['a Unix timestamp', () => ({ created_at: { lte: Date.parse('2026-01-01') / 1000 } }), ['ada']],
    ['a date in RFC 2822', () => ({ created_at: { eq: 'Thu, 01 Jan 2026 00:00:00 GMT' } }), ['ada']],
    ['a duration', () => ({ created_at: { within: 'P2D' } }), ['cleo']],
    ['an attribute', () => ({ meta: [{ key: 'age', number: { gt: 30 } }] }), ['ada']],
    ['a missing attribute', () => ({ meta: [{ key: 'age', exists: false }] }), ['cleo']],
    ['devices', () => ({ devices: { some: { platform: 'ios' } } }), ['ada']],
    ['no devices', () => ({ devices: { none: {} } }), ['cleo', 'ben']],
    ['lists', () => ({ lists: { some: { list_ids: [list.id.toUpperCase()], subscribed: false } } }), ['ben']],
    ['an unknown list', () => ({ lists: { some: { list_ids: [randomUUID()] } } }), []],
    ['segments', () => ({ segments: { some: { segment_ids: [segment.id], suppressed: true } } }), ['ben']],
    [
      'events',
      () => ({
        events: [
          {
            name: { eq: 'Paid' },
            count: { gte: 2 },
            since: '2020-01-01',
            properties: [{ key: 'currency', string: { eq: 'NGN' } }],
          },
        ],
      }),
      ['ada'],
    ],
    ['the value of events', () => ({ events: [{ name: { eq: 'paid' }, value: { number: { gt: 20 } } }] }), ['ada']],
    [
      'and, or, not',
      () => ({ or: [{ uid: { eq: 'ben' } }, { and: [{ not: { meta: [{ key: 'plan', exists: true }] } }] }] }),
      ['cleo', 'ben'],
    ],
    ['an empty or', () => ({ or: [] }), []],
  ])('filters by %s', async (_what, where, uids) => {
    expect(await uidsOf({ where: where() })).toEqual(uids);
  });

  it.each([{}, { where: null, order_by: null, limit: null, next_cursor: null, previous_cursor: null }])(
    'treats an empty or omitted part as absent: %j',
    async (body) => expect(await uidsOf(body)).toEqual(['cleo', 'ben', 'ada']),
  );

  it('works without a body and without the prefix /v1', async () => {
    expect(pageIn((await restOf(app).post('/users/search')).body).uids).toEqual(['cleo', 'ben', 'ada']);
  });
});

describe('issues', () => {
  const issuesOf = async (body: unknown) => {
    const response = await search(body);
    expect(response).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
    const { issues } = response.body as { issues: { path: string[]; code: string; message: string }[] };
    return issues.map(({ path, code, message }) => `${path.join('.')} ${code}: ${message}`);
  };

  it('names everything that is unknown', async () => {
    const where = {
      firstName: { eq: 'Ada' },
      email: { startsWith: 'a', like: 'b' },
      meta: [{ key: 'plan', string: { regex: '.' } }],
    };
    expect(await issuesOf({ filter: {}, where, order_by: { field: 'uid', order: 'asc' } })).toEqual([
      'where.email.startsWith UNKNOWN_FIELD: is not a field of this object',
      'where.email.like UNKNOWN_FIELD: is not a field of this object',
      'where.meta.0.string.regex UNKNOWN_FIELD: is not a field of this object',
      'where.firstName UNKNOWN_FIELD: is not a field of this object',
      'order_by.order UNKNOWN_FIELD: is not a field of this object',
      'filter UNKNOWN_FIELD: is not a field of this object',
    ]);
  });

  it('names everything that is invalid, by its REST name', async () => {
    const where = {
      first_name: { starts_with: 5, eq: null },
      tz: { contains: 'x'.repeat(1025) },
      created_at: { gt: 'yesterday', within: 'P1M', lt: '10000-01-01' },
      lists: { some: { list_ids: ['news'] } },
      devices: { none: { platform: 'IOS' } },
      events: [{ count: { gte: -1 } }],
      not: { app_last_active: { is_null: 'yes' }, or: {} },
      meta: [{ key: '', number: { eq: '5' } }],
    };
    const order = { field: 'EMAIL', direction: 'up' };
    expect((await issuesOf({ where, order_by: order, limit: 31 })).map((text) => text.replace(/:.*/, ''))).toEqual([
      'where.not.or INVALID_TYPE',
      'where.not.app_last_active.is_null INVALID_TYPE',
      'where.first_name.eq NOT_NULLABLE',
      'where.first_name.starts_with INVALID_TYPE',
      'where.tz.contains TOO_LONG',
      'where.created_at.lt INVALID_DATE',
      'where.created_at.gt INVALID_DATE',
      'where.created_at.within INVALID_DURATION',
      'where.meta.0.key INVALID_KEY',
      'where.meta.0.number.eq INVALID_TYPE',
      'where.devices.none.platform INVALID_VALUE',
      'where.lists.some.list_ids.0 INVALID_VALUE',
      'where.events.0.name INVALID_TYPE',
      'where.events.0.count.gte OUT_OF_RANGE',
      'order_by.field INVALID_VALUE',
      'order_by.direction INVALID_VALUE',
    ]);
  });

  it('name the values that an enum has', async () => {
    expect(await issuesOf({ order_by: { field: 'age' } })).toEqual([
      'order_by.field INVALID_VALUE: must be one of created_at, updated_at, uid, email, first_name, last_name, last_event_at',
    ]);
  });

  it('reject a number that a 64-bit float changes', async () => {
    const payload = '{"where":{"meta":[{"key":"age","number":{"in":[1,9007199254740993]}}]}}';
    expect(await searchText(payload)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['where', 'meta', '0', 'number', 'in', '1'], code: 'UNSAFE_NUMBER' }] },
    });
  });

  it.each([[[]], ['users'], [5]])('reject a body that is not an object: %j', async (body) => {
    expect(await search(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED' } });
  });

  it.each(['0', 31, 2.5, 'x'])('reject the limit %s', async (limit) => {
    expect(await search({ limit })).toMatchObject({ status: 400, body: { issues: [{ path: ['limit'] }] } });
  });
});

describe('limits', () => {
  const nested = (depth: number, [open, close]: readonly [string, string]) =>
    `${open.repeat(depth)}{}${close.repeat(depth)}`;
  const bodies: [string, string][] = [
    ['7 levels of not', nested(7, ['{"not":', '}'])],
    ['1 MB of not', nested(130_000, ['{"not":', '}'])],
    ['1 MB of and', nested(90_000, ['{"and":[', ']}'])],
    ['1 MB of empty filters', `{"or":[${Array<string>(330_000).fill('{}').join()}]}`],
    ['1 MB of keys', `{"meta":[${Array<string>(80_000).fill('{"key":"a"}').join()}]}`],
    ['1 MB of texts', `{"uid":{"in":[${Array<string>(250_000).fill('"a"').join()}]}}`],
    ['51 conditions', `{"and":[${Array<string>(51).fill('{"uid":{"eq":"a"}}').join()}]}`],
    ['251 values', `{"uid":{"in":[${Array<string>(251).fill('"a"').join()}]}}`],
  ];

  it.each(bodies)('rejects %s with LIMIT_EXCEEDED, before any statement', async (_what, where) => {
    const send = () => searchText(`{"where":${where}}`);
    await send();
    const statements = await app.statementsOf(async () => {
      expect(await send()).toEqual({
        status: 400,
        body: { code: 'LIMIT_EXCEEDED', error: expect.stringMatching(/^The filter .* the limit is \d+\.$/) },
      });
    });
    expect(statements).toEqual([]);
  });

  it.each([
    ['order_by', nested(130_000, ['{"not":', '}'])],
    ['the field of order_by', `{"field":${nested(500_000, ['[', ']'])}}`],
    ['limit', nested(500_000, ['[', ']'])],
    ['an unknown field', nested(500_000, ['[', ']'])],
  ])('rejects JSON that is nested in %s', async (what, value) => {
    const name = what.includes('unknown') ? 'other' : (what.split(' ').at(-1) ?? '');
    expect(await searchText(`{"${name}":${value}}`)).toMatchObject({
      status: 400,
      body: {
        code: 'VALIDATION_FAILED',
        issues: expect.arrayContaining([expect.objectContaining({ path: expect.arrayContaining([name]) })]),
      },
    });
  });
});

describe('order_by', () => {
  it.each([
    [{ field: 'first_name' }, ['ada', 'ben', 'cleo']],
    [{ field: 'first_name', direction: 'desc' }, ['ben', 'ada', 'cleo']],
    [{ field: 'first_name', direction: 'desc', nulls: 'first' }, ['cleo', 'ben', 'ada']],
    [{ field: 'created_at', direction: null, nulls: null }, ['ada', 'ben', 'cleo']],
  ])('sorts by %j, page by page in both directions', async (order, uids) => {
    const page = async (cursors: object) => pageIn((await search({ order_by: order, limit: 1, ...cursors })).body);
    const first = await page({});
    const second = await page({ next_cursor: first.next });
    const third = await page({ next_cursor: second.next });
    expect([...first.uids, ...second.uids, ...third.uids]).toEqual(uids);
    expect([first.previous, third.next]).toEqual([undefined, undefined]);
    expect(await page({ previous_cursor: third.previous })).toEqual(second);
    expect(await page({ previous_cursor: second.previous })).toEqual(first);
  });
});

describe('cursors', () => {
  const body = { where: { uid: { ne: 'x' } }, order_by: { field: 'uid' }, limit: 1 };

  it('are the same for the same filter, in any order of its fields', async () => {
    const where = { uid: { ne: 'x', is_null: false }, is_account: { is_null: false } };
    const { next } = pageIn((await search({ where, limit: 1 })).body);
    const same = { is_account: { is_null: false }, uid: { is_null: false, ne: 'x' } };
    expect(await uidsOf({ where: same, limit: 1, next_cursor: next })).toEqual(['ben']);
  });

  it.each<[string, object]>([
    ['another filter', { where: { uid: { ne: 'y' } } }],
    ['no filter', { where: undefined }],
    ['another order', { order_by: { field: 'email' } }],
    ['another direction', { order_by: { field: 'uid', direction: 'desc' } }],
    ['no order', { order_by: undefined }],
  ])('are refused with %s', async (_what, change) => {
    const { next } = pageIn((await search(body)).body);
    for (const name of ['next_cursor', 'previous_cursor']) {
      expect(await search({ ...body, ...change, [name]: next })).toEqual({
        status: 400,
        body: {
          error: `${name} must be a cursor of a search with the same where, order_by and search`,
          code: 'VALIDATION_FAILED',
          issues: [expect.objectContaining({ path: [name], code: 'INVALID_CURSOR' })],
        },
      });
    }
  });

  it('of GET /users are refused, and the other way round', async () => {
    const { next } = pageIn((await restOf(app).get('/v1/users?limit=1')).body);
    expect(await search({ next_cursor: next })).toMatchObject({ body: { issues: [{ code: 'INVALID_CURSOR' }] } });
    const { next: ofSearch } = pageIn((await search({ limit: 1 })).body);
    expect(await restOf(app).get(`/v1/users?next_cursor=${ofSearch}`)).toMatchObject({
      status: 400,
      body: { error: 'next_cursor must be a cursor of this list', issues: [{ code: 'INVALID_CURSOR' }] },
    });
  });

  it('of another workspace are refused', async () => {
    const { next } = pageIn((await search(body)).body);
    expect(await search({ ...body, next_cursor: next }, app.stranger.owner)).toMatchObject({
      body: { issues: [{ path: ['next_cursor'], code: 'INVALID_CURSOR' }] },
    });
  });

  it('cannot be combined', async () => {
    const { next } = pageIn((await search(body)).body);
    expect(await search({ ...body, next_cursor: next, previous_cursor: next })).toMatchObject({
      body: { error: 'previous_cursor must not be combined with next_cursor' },
    });
  });
});

describe('scopes', () => {
  it.each<[string, string, object]>([
    ['lists', 'lists:read', { lists: { some: {} } }],
    ['segments', 'segments:read', { not: { segments: { none: {} } } }],
    ['events', 'events:read', { or: [{ and: [{ events: [] }] }] }],
  ])('a filter on %s requires %s', async (field, scope, where) => {
    const others = (['lists:read', 'segments:read', 'events:read'] as const).filter((other) => other !== scope);
    expect(await search({ where }, await app.withScopes('users:read', ...others))).toEqual({
      status: 403,
      body: { error: `A filter on ${field} requires the scope ${scope}.`, code: 'FORBIDDEN' },
    });
  });

  it('the order last_event_at requires events:read', async () => {
    const body = { order_by: { field: 'last_event_at' } };
    expect(await search(body, await app.withScopes('users:read', 'lists:read'))).toEqual({
      status: 403,
      body: { error: 'The order requires the scope events:read.', code: 'FORBIDDEN' },
    });
    expect(await search(body, await app.withScopes('users:read', 'events:read'))).toMatchObject({ status: 200 });
  });

  it('all other filters require users:read alone', async () => {
    const where = { devices: { some: {} }, meta: [{ key: 'plan', string: { eq: 'pro' } }] };
    const response = await search({ where }, await app.withScopes('users:read'));
    expect(pageIn(response.body).uids).toEqual(['ada']);
  });

  it('a public key alone cannot search', async () => {
    expect(await search({}, app.publicKey)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
  });
});

it('reads a page with one statement, and one for each relation of its users', async () => {
  const read = () => search({ where: { uid: { ne: 'x' } }, order_by: { field: 'email' } });
  await read();
  const statements = await app.statementsOf(read);
  // A distributed database reads the page in a transaction.
  const labels = statements.flatMap((text) => /\/\* (?!queryOnce)(\w+)/.exec(text)?.[1] ?? []);
  expect(labels.toSorted()).toEqual([
    'readDevices',
    'readListSubscriptions',
    'readOrderedPage',
    'readSegmentSuppressions',
  ]);
});

it('does not return users of another workspace', async () => {
  expect(await search({}, app.stranger.owner)).toEqual({ status: 200, body: { data: [] } });
});

it('counts as more work with more conditions', async () => {
  const addWork = vi.fn();
  const onHandler = (message: unknown) => {
    const { request } = message as { request: FastifyRequest };
    if (request.admitted) request.admitted = { ...request.admitted, addWork };
  };
  const handlers = channel('tracing:fastify.request.handler:start');
  handlers.subscribe(onHandler);
  try {
    await search({});
    await search({ where: { events: Array.from({ length: 12 }, () => ({ name: { eq: 'Paid' } })) } });
  } finally {
    handlers.unsubscribe(onHandler);
  }
  expect(addWork.mock.calls).toEqual([[8], [10]]);
});
