import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { pageIn, restOf } from '../../kit/rest.ts';
import { seedUsers, tens } from '../../kit/seed-rows.ts';

let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, tens(35));
});
afterAll(() => app[Symbol.asyncDispose]());

const page = async (query: string) => pageIn((await restOf(app).get(`/v1/users?${query}`)).body);

describe('limit', () => {
  it.each([
    ['', 10],
    ['limit=', 10],
    ['limit=1', 1],
    ['limit=30', 30],
  ])('"%s" returns %i users, newest first', async (query, count) => {
    const newest = tens(35).reverse().slice(0, count);
    expect((await page(query)).uids).toEqual(newest.map((number) => `u${number}`));
  });

  it.each(['0', '-1', '31', '2.5', 'x', '0x10', '1e1', '%205', '1e999', '1&limit=2'])('rejects %s', async (limit) => {
    const issues = [expect.objectContaining({ path: ['limit'] })];
    expect(await restOf(app).get(`/v1/users?limit=${limit}`)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^limit /), code: 'VALIDATION_FAILED', issues },
    });
  });

  it('rejects 31 for a previous page', async () => {
    const { next } = await page('limit=10');
    expect(await restOf(app).get(`/v1/users?limit=31&previous_cursor=${next}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['limit'], code: 'OUT_OF_RANGE' }] },
    });
  });
});

describe('cursors', () => {
  it('are present only if there is such a page', async () => {
    const first = await page('limit=15');
    const second = await page(`limit=15&next_cursor=${first.next}`);
    const third = await page(`limit=15&next_cursor=${second.next}`);
    expect([first, second, third].map(({ next, previous }) => [previous !== undefined, next !== undefined])).toEqual([
      [false, true],
      [true, true],
      [true, false],
    ]);
    expect(third.uids).toEqual(['u50', 'u40', 'u30', 'u20', 'u10']);
  });

  it('lead back to the previous pages', async () => {
    const first = await page('limit=15');
    const second = await page(`limit=15&next_cursor=${first.next}`);
    const third = await page(`limit=15&next_cursor=${second.next}`);
    const secondAgain = await page(`limit=15&previous_cursor=${third.previous}`);
    expect(secondAgain).toEqual(second);
    expect(await page(`limit=15&previous_cursor=${secondAgain.previous}`)).toEqual(first);
  });

  it('return ten users of the previous page by default', async () => {
    const { next } = await page('limit=30');
    const { previous } = await page(`limit=30&next_cursor=${next}`);
    expect((await page(`previous_cursor=${previous}`)).uids).toEqual(
      tens(10, 60)
        .reverse()
        .map((number) => `u${number}`),
    );
  });

  it('of /users and /v1/users are the same', async () => {
    const { next } = await page('');
    const unversioned = await restOf(app).get(`/users?next_cursor=${next}`);
    expect(pageIn(unversioned.body)).toEqual(await page(`next_cursor=${next}`));
  });

  it('are ignored if empty', async () => {
    expect(await page('next_cursor=&previous_cursor=')).toEqual(await page(''));
  });

  it('are rejected if both are present', async () => {
    const { next } = await page('');
    expect(await restOf(app).get(`/v1/users?next_cursor=${next}&previous_cursor=${next}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['previous_cursor'], code: 'CONTRADICTION' }] },
    });
  });

  it.each(['next_cursor', 'previous_cursor'])('are rejected if forged: %s', async (name) => {
    expect(await restOf(app).get(`/v1/users?${name}=5fc6477241fcec31a9548e98`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: [name], code: 'INVALID_CURSOR' }] },
    });
  });

  it('of another workspace are rejected', async () => {
    const { next } = await page('');
    expect(await restOf(app, app.stranger.owner).get(`/v1/users?next_cursor=${next}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['next_cursor'], code: 'INVALID_CURSOR' }] },
    });
  });
});

describe('email', () => {
  it('filters, page by page', async () => {
    await using shared = await startApp();
    const email = 'shared@example.com';
    await addUser(shared, { uid: 'first', email });
    await addUser(shared, { uid: 'other', email: 'other@example.com' });
    await addUser(shared, { uid: 'second', email });
    const newest = pageIn((await restOf(shared).get(`/v1/users?limit=1&email=${email}`)).body);
    const older = await restOf(shared).get(`/v1/users?limit=1&email=${email}&next_cursor=${newest.next}`);
    expect([newest.uids, pageIn(older.body)]).toEqual([
      ['second'],
      { uids: ['first'], next: undefined, previous: expect.any(String) },
    ]);
  });

  it('returns an empty page for an unknown address', async () => {
    expect(await restOf(app).get('/v1/users?email=nobody@example.com')).toEqual({ status: 200, body: { data: [] } });
  });

  it('is ignored if empty', async () => {
    expect(await page('email=')).toEqual(await page(''));
  });

  it('is rejected if invalid', async () => {
    expect(await restOf(app).get('/v1/users?email=nobody')).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['email'], code: 'INVALID_EMAIL' }] },
    });
  });
});

it('ignores unknown parameters', async () => {
  expect(await page('sort=uid&page=2')).toEqual(await page(''));
});

it('returns an empty page for an empty workspace', async () => {
  expect(await restOf(app, app.stranger.owner).get('/v1/users')).toEqual({ status: 200, body: { data: [] } });
});

it('runs the same number of statements for any number of users', async () => {
  await using app = await startApp();
  const rest = restOf(app);
  await rest.put('/v1/users/u1', { device_token: 't1', device_platform: 'ios' });
  const { length } = await app.statementsOf(() => rest.get('/v1/users?limit=30'));
  for (let user = 2; user <= 20; user += 1) {
    await rest.put(`/v1/users/u${user}`, { device_token: `t${user}`, device_platform: 'ios' });
  }
  const statements = await app.statementsOf(() => rest.get('/v1/users?limit=30'));
  expect(statements).toHaveLength(length);
});

it('finds an address whose plus sign is not percent-encoded', async () => {
  await addUser(app, { uid: 'plus', email: 'ada+news@example.com' });
  expect((await page('email=ada+news@example.com')).uids).toEqual(['plus']);
  expect((await page('email=ada%2Bnews@example.com')).uids).toEqual(['plus']);
});

it('uses the names of REST in messages', async () => {
  expect(await restOf(app).get('/v1/users?next_cursor=a&previous_cursor=b')).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('previous_cursor must not be combined with next_cursor') },
  });
});
