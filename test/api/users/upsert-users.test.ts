import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { UpsertUsersInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addUser, importUser } from '../../kit/factories.ts';
import { UpsertUsers } from '../../kit/operations/users.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId } });
  await app.db.idempotencyKey.deleteMany({ where: { workspaceId: app.workspaceId } });
  await addUser(app, { uid: 'ada', email: 'ada@example.com' });
});

type Input = Partial<UpsertUsersInput> & Pick<UpsertUsersInput, 'users'>;

/** The results of the users, as `uid` or as a code, and all that `upsertUsers` returned. */
async function upsertUsers(input: Input, caller = app.owner) {
  const { upsertUsers: payload } = await app.run(
    UpsertUsers,
    { input: { errorPolicy: 'REJECT_ALL', ...input } },
    caller,
  );
  if (payload.__typename !== 'UpsertUsersPayload') throw new Error(`${payload.code}: ${payload.message}`);
  const { items, ...counts } = payload;
  expect(items.map(({ index }) => index)).toEqual(input.users.map((_, index) => index));
  const results = items.map(({ result }) => ('user' in result ? result.user.uid : result.code));
  const created = items.map(({ result }) => 'user' in result && result.created);
  const ids = items.map(({ result }) => ('user' in result ? result.user.id : undefined));
  return { results, created, ids, items, counts };
}

const stored = async () => {
  const users = await app.db.user.findMany({ where: { workspaceId: app.workspaceId }, orderBy: { uid: 'asc' } });
  return users.map(({ uid, firstName }) => [uid, firstName]);
};

it('updates and creates users, in the order of the inputs', async () => {
  const list = await addList(app);
  const { results, created, counts } = await upsertUsers({
    users: [
      { uid: 'bob', firstName: 'Bob', listIds: [list.globalId], device: { token: 't1', platform: 'IOS' } },
      { uid: 'ada', firstName: 'Ada', meta: { plan: 'pro' } },
      { uid: 'bob', lastName: 'B.' },
    ],
  });
  expect({ results, created }).toEqual({ results: ['bob', 'ada', 'bob'], created: [true, false, false] });
  expect(counts).toMatchObject({ createdCount: 1, updatedCount: 2, failedCount: 0 });
  expect(await stored()).toEqual([
    ['ada', 'Ada'],
    ['bob', 'Bob'],
  ]);
  expect(await app.db.listMembership.count({ where: { listId: list.id } })).toBe(1);
  expect(await app.db.device.count({ where: { workspaceId: app.workspaceId } })).toBe(1);
});

const mixed: Input['users'] = [
  { uid: 'bob', firstName: 'Bob' },
  { uid: ' ', email: 'x', timeZone: 'Mars' },
  { uid: 'ada', firstName: 'Ada', newUid: 'other' },
  { uid: 'eve', listIds: ['TGlzdDow'] },
  { uid: 'ada', firstName: 'Ada', removeMeta: ['a'], meta: { a: 1 } },
];

it('writes the valid users with SKIP_FAILED, and reports all faults of the others', async () => {
  const { results, items, counts } = await upsertUsers({ users: mixed, errorPolicy: 'SKIP_FAILED' });
  const invalid = 'VALIDATION_FAILED';
  expect(results).toEqual(['bob', invalid, 'UID_NOT_UPDATEABLE', invalid, invalid]);
  expect(counts).toMatchObject({ createdCount: 1, updatedCount: 0, failedCount: 4 });
  const paths = items.map(({ result }) => ('issues' in result ? result.issues.map(({ path }) => path.join('.')) : []));
  expect(paths).toEqual([[], ['uid', 'email', 'timeZone'], [], ['listIds.0'], ['removeMeta.0']]);
  expect(await stored()).toEqual([
    ['ada', null],
    ['bob', 'Bob'],
  ]);
});

it('writes nothing with REJECT_ALL if one fails', async () => {
  const { results, counts } = await upsertUsers({ users: mixed });
  expect(results[0]).toBe('BATCH_REJECTED');
  expect(counts).toMatchObject({ createdCount: 0, failedCount: 5 });
  expect(await stored()).toEqual([['ada', null]]);
});

it('rejects merged attributes beyond their limits for their user alone', async () => {
  const full = Object.fromEntries(Array.from({ length: 100 }, (_, key) => [`k${key}`, key]));
  await upsertUsers({ users: [{ uid: 'ada', meta: full }] });
  const { results, items } = await upsertUsers({
    users: [{ uid: 'ada', firstName: 'Ada', meta: { another: 1 } }, { uid: 'bob' }],
    errorPolicy: 'SKIP_FAILED',
  });
  expect(results).toEqual(['VALIDATION_FAILED', 'bob']);
  expect(items[0]?.result).toMatchObject({ issues: [{ path: ['meta'], code: 'TOO_MANY' }] });
  expect(await app.db.user.findFirst({ where: { uid: 'ada' } })).toMatchObject({ firstName: null, meta: full });
});

it('accepts no users', async () => {
  expect(await upsertUsers({ users: [] })).toMatchObject({ items: [], counts: { createdCount: 0, failedCount: 0 } });
});

it('sends the same number of statements for 2 users and for 500', async () => {
  const counts: number[] = [];
  for (const length of [2, 500]) {
    const users = Array.from({ length }, (_, place) => ({
      uid: `${length}-${place}`,
      email: `${place}@example.com`,
      device: { token: `${length}-${place}`, platform: 'IOS' as const },
    }));
    const input = { users, errorPolicy: 'SKIP_FAILED', idempotencyKey: `whole ${length}` } as const;
    counts.push((await app.statementsOf(() => app.run(UpsertUsers, { input }))).length);
  }
  expect(counts[1]).toBe(counts[0]);
  expect(counts[0]).toBeGreaterThan(2);
});

describe('with an idempotency key', () => {
  it('a retry returns the first results, and other inputs conflict', async () => {
    const input: Input = { users: [{ uid: 'ada', firstName: 'Ada' }, { uid: 'bob' }], idempotencyKey: 'whole' };
    const [first, second] = await Promise.all([upsertUsers(input), upsertUsers(input)]);
    expect(second).toEqual(first);
    expect(first?.created).toEqual([false, true]);
    await upsertUsers({ users: [{ uid: 'ada', firstName: 'Later' }] });
    expect(await upsertUsers(input)).toMatchObject({ ids: first?.ids, created: [false, true] });
    expect(await stored()).toEqual([
      ['ada', 'Later'],
      ['bob', null],
    ]);
    await expect(upsertUsers({ ...input, users: [{ uid: 'ada' }] })).rejects.toThrow('IDEMPOTENCY_CONFLICT');
    await expect(
      upsertUsers({
        ...input,
        users: [
          { uid: 'ada', firstName: 'Ada' },
          { uid: 'bob', email: null },
        ],
      }),
    ).rejects.toThrow('IDEMPOTENCY_CONFLICT');
  });

  it('a retry tries to write those that failed', async () => {
    const users: Input['users'] = [{ uid: 'bob' }, { uid: 'imported@example.com', newUid: 'eve' }];
    const input: Input = { users, errorPolicy: 'SKIP_FAILED', idempotencyKey: 'whole' };
    const first = await upsertUsers(input);
    expect(first.results).toEqual(['bob', 'UID_NOT_UPDATEABLE']);
    await importUser(app, 'imported@example.com');
    const second = await upsertUsers(input);
    expect(second.results).toEqual(['bob', 'eve']);
    expect(second.created).toEqual([true, false]);
    expect(await upsertUsers(input)).toEqual(second);
  });

  it('a retry after one of the users was deleted returns the others', async () => {
    const input: Input = { users: [{ uid: 'ada' }, { uid: 'bob' }], idempotencyKey: 'whole' };
    const first = await upsertUsers(input);
    await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'bob' } });
    const retry = await upsertUsers(input);
    expect(retry.results).toEqual(['ada', 'NOT_FOUND']);
    expect(retry.ids[0]).toBe(first.ids[0]);
    expect(await stored()).toEqual([['ada', null]]);
  });

  it('the key is free after a request that was rejected, and stores no personal data', async () => {
    await upsertUsers({ users: [{ uid: 'bob' }, { uid: ' ' }], idempotencyKey: 'whole' });
    expect(await app.db.idempotencyKey.count({ where: { workspaceId: app.workspaceId } })).toBe(0);
    await upsertUsers({ users: [{ uid: 'bob', firstName: 'Bob', email: 'bob@example.com' }], idempotencyKey: 'whole' });
    const [row] = await app.db.idempotencyKey.findMany({ where: { workspaceId: app.workspaceId } });
    const user = await app.db.user.findFirst({ where: { workspaceId: app.workspaceId, uid: 'bob' } });
    expect(row?.results).toEqual([[user?.id, true]]);
  });
});

describe('for a caller with the public key alone', () => {
  const send = (selection: string, users: Input['users']) =>
    app.send(
      `mutation ($input: UpsertUsersInput!) { upsertUsers(input: $input) { ... on UpsertUsersPayload { items { result {
        ... on UpdateUserPayload { created ${selection} } ... on Error { code }
      } } } } }`,
      { input: { users, errorPolicy: 'SKIP_FAILED' } },
      app.publicKey,
    );

  it('returns ids, but no other fields', async () => {
    const { data, errors } = await send('user { id uid }', [{ uid: 'bob' }]);
    expect(errors).toBeUndefined();
    expect(data).toMatchObject({ upsertUsers: { items: [{ result: { created: true, user: { uid: 'bob' } } }] } });
    expect((await send('user { email }', [{ uid: 'eve' }])).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await stored()).toHaveLength(2);
  });

  it('rejects what requires other scopes, and claims no imported user', async () => {
    const list = await addList(app);
    const imported = await importUser(app, 'imported@example.com');
    const { data } = await send('user { id }', [
      { uid: 'ada', email: 'eve@example.com' },
      { uid: 'ada', email: 'ada@example.com' },
      { uid: 'imported@example.com', newUid: 'eve' },
      { uid: 'eve', listIds: [list.globalId] },
      { uid: 'eve', email: 'imported@example.com', meta: { plan: 'pro' } },
    ]);
    expect(data).toMatchObject({
      upsertUsers: {
        items: [
          { result: { code: 'FORBIDDEN' } },
          { result: { created: false } },
          { result: { code: 'FORBIDDEN' } },
          { result: { code: 'FORBIDDEN' } },
          { result: { created: true } },
        ],
      },
    });
    const eve = await app.db.user.findFirst({ where: { workspaceId: app.workspaceId, uid: 'eve' } });
    expect(eve).toMatchObject({ publicMeta: { plan: 'pro' } });
    expect(eve?.id).not.toBe(imported.id);
  });
});

describe.each([true, false])('limits, executed directly: %s', (executeDirectly) => {
  const users = (length: number) => Array.from({ length }, (_, place) => ({ uid: `u${place}` }));

  it('of users, points and complexity', async () => {
    await using limited = await startApp({
      executeDirectly,
      limits: { bulkUsers: 20, inputItems: 5, complexity: 20 },
      rateLimits: { secret: 30, publicKey: 30 },
    });
    const selecting = (selection: string) =>
      `mutation ($input: UpsertUsersInput!) { upsertUsers(input: $input) { ... on UpsertUsersPayload { ${selection} } } }`;
    const withIds = selecting('items { index result { ... on UpdateUserPayload { created user { id } } } }');
    const { headers, errors } = await limited.send(withIds, { input: { users: users(20) } });
    expect(errors).toBeUndefined();
    expect(headers['ratelimit-remaining']).toBe('9');
    expect((await limited.send(withIds, { input: { users: users(21) } })).errors?.[0]?.extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ code: 'TOO_MANY' }],
    });
    const withDevices = selecting('items { result { ... on UpdateUserPayload { user { devices { id } } } } }');
    expect((await limited.send(withDevices, { input: { users: users(11) } })).errors?.[0]?.message).toContain(
      'complexity of',
    );
    expect((await limited.send(withIds, { input: { users: users(9) } })).errors?.[0]?.extensions.code).toBe(
      'RATE_LIMITED',
    );
  });
});
