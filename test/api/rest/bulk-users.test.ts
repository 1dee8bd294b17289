import { afterAll, beforeEach, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addUser } from '../../kit/factories.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId } });
  await addUser(app, { uid: 'ada', email: 'ada@example.com' });
});

async function post(body: unknown, headers: Record<string, string> = {}, gateway = app) {
  const response = await gateway.app.inject({
    method: 'POST',
    url: '/v1/users/bulk',
    headers: { authorization: gateway.owner, 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(body),
  });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}

const countUsers = () => app.db.user.count({ where: { workspaceId: app.workspaceId } });

it('updates and creates users with the fields of PUT /users/{uid}', async () => {
  const list = await addList(app);
  const { status, body } = await post({
    users: [
      { uid: 'ada', first_name: 'Ada', tz: 'Africa/Lagos', meta: { age: 36, plan: null } },
      { uid: 'bob', created_at: 1_590_831_010, device_token: 't1', device_platform: 'ios', lists: [list.id] },
    ],
  });
  expect({ status, body }).toEqual({
    status: 200,
    body: {
      written: 2,
      failed: 0,
      results: [
        { index: 0, status: 'ok', id: expect.stringMatching(/^[\da-f-]{36}$/), created: false },
        { index: 1, status: 'ok', id: expect.stringMatching(/^[\da-f-]{36}$/), created: true },
      ],
    },
  });
  const users = await app.db.user.findMany({
    where: { workspaceId: app.workspaceId },
    include: { devices: true, lists: true },
    orderBy: { uid: 'asc' },
  });
  expect(users).toMatchObject([
    { firstName: 'Ada', timeZone: 'Africa/Lagos', meta: { age: 36 } },
    {
      createdAt: new Date('2020-05-30T09:30:10.000Z'),
      devices: [{ token: 't1' }],
      lists: [{ listId: list.id }],
    },
  ]);
});

it('reports the fields of each user that it does not have', async () => {
  const { status, headers, body } = await post({
    foo: 1,
    users: [
      { uid: 'ada', fristname: 'Ada', meta: { plan: 'pro', tags: [] } },
      { uid: 'bob', first_name: 'Bob' },
    ],
  });
  expect({ status, ignored: headers['x-ignored-fields'], results: body.results }).toEqual({
    status: 200,
    ignored: 'foo, users.0.fristname, users.0.meta.tags',
    results: [
      expect.objectContaining({
        status: 'ok',
        ignored: [
          { path: ['fristname'], code: 'UNKNOWN_FIELD', message: 'is not a field of this operation' },
          expect.objectContaining({ path: ['meta', 'tags'] }),
        ],
      }),
      { index: 1, status: 'ok', id: expect.any(String), created: true },
    ],
  });
  const strict = await post({ users: [{ uid: 'ada', fristname: 'Ada' }] }, { prefer: 'handling=strict' });
  expect(strict).toMatchObject({ status: 422, body: { results: [{ issues: [{ path: ['fristname'] }] }] } });
});

it('names the position of a user that is not an object', async () => {
  const { body } = await post({ users: [null, { uid: 'ada' }], error_policy: 'skip_failed' });
  expect(body.results[0]).toMatchObject({ code: 'VALIDATION_FAILED', error: 'users.0 must be a JSON object' });
});

it('names the fields of REST in the errors of each user', async () => {
  const archived = await addList(app, { archivedAt: new Date() });
  const users = [
    { uid: 'bob', first_name: 'Bob' },
    { uid: '', app_build: 'x'.repeat(100), device_token: 't1' },
    { uid: 'eve', lists: [archived.id] },
    'ada',
    { first_name: 'Nobody' },
  ];
  const failures = [
    { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'] }, { path: ['app_build'] }, { path: ['device_platform'] }] },
    { code: 'VALIDATION_FAILED', issues: [{ path: ['lists', '0'], code: 'LIST_ARCHIVED' }] },
    { code: 'VALIDATION_FAILED' },
    { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'] }] },
  ];
  const rejected = await post({ users });
  expect(rejected.status).toBe(422);
  expect(rejected.body).toMatchObject({ written: 0, failed: 5, results: [{ code: 'BATCH_REJECTED' }, ...failures] });
  expect(await countUsers()).toBe(1);
  const { status, body } = await post({ users, error_policy: 'skip_failed' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ written: 1, failed: 4, results: [{ index: 0, status: 'ok' }, ...failures] });
  expect(await countUsers()).toBe(2);
});

it('lists attributes that are not stored in the result of their user; with strict handling, they are errors', async () => {
  const users = [
    { uid: 'bob', meta: { a: 1, b: [] } },
    { uid: 'eve', colour: 'red' },
  ];
  const { body } = await post({ users });
  expect(body.results).toMatchObject([{ status: 'ok', ignored: [{ path: ['meta', 'b'] }] }, { status: 'ok' }]);
  const strict = await post({ users, error_policy: 'skip_failed' }, { prefer: 'handling=strict' });
  expect(strict.status).toBe(422);
  expect(strict.body.results).toMatchObject([
    { code: 'VALIDATION_FAILED', issues: [{ path: ['meta', 'b'] }] },
    { code: 'VALIDATION_FAILED', issues: [{ path: ['colour'], code: 'UNKNOWN_FIELD' }] },
  ]);
});

it('returns the first results for the same Idempotency-Key', async () => {
  const users = [{ uid: 'ada', first_name: 'Ada' }, { uid: 'bob' }];
  const key = { 'idempotency-key': '"users"' };
  const first = await post({ users }, key);
  expect((await post({ users }, key)).body).toEqual(first.body);
  expect(await post({ users: [{ uid: 'ada' }] }, key)).toMatchObject({
    status: 422,
    body: { code: 'IDEMPOTENCY_CONFLICT' },
  });
});

it('rejects changes that require another scope with the public key alone', async () => {
  const { status, body } = await post(
    { users: [{ uid: 'ada', email: 'eve@example.com' }, { uid: 'bob' }], error_policy: 'skip_failed' },
    { authorization: app.publicKey },
  );
  expect({ status, body }).toMatchObject({
    status: 200,
    body: { written: 1, results: [{ code: 'FORBIDDEN' }, { status: 'ok', created: true }] },
  });
});

it.each([
  [{}, [{ path: ['users'] }]],
  [{ users: 'x' }, [{ path: ['users'] }]],
  [{ users: [], error_policy: 'none' }, [{ path: ['error_policy'] }]],
])('rejects %j', async (body, issues) => {
  expect(await post(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', issues } });
});

it('charges a point for each user, and has a limit of their number', async () => {
  await using limited = await startApp({ rateLimits: { secret: 10, publicKey: 10 }, limits: { bulkUsers: 6 } });
  const users = (length: number) => Array.from({ length }, (_, place) => ({ uid: `u${place}` }));
  expect((await post({ users: users(3) }, {}, limited)).headers['ratelimit-remaining']).toBe('6');
  expect(await post({ users: users(6) }, {}, limited)).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  await using small = await startApp({ limits: { bulkUsers: 3 } });
  expect(await post({ users: users(4) }, {}, small)).toMatchObject({
    status: 400,
    body: { issues: [{ path: ['users'], code: 'TOO_MANY' }] },
  });
});
