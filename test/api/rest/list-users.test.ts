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
  ])('"%s" gives %i users, newest first', async (query, count) => {
    const newest = tens(35).reverse().slice(0, count);
    expect((await page(query)).uids).toEqual(newest.map((number) => `u${number}`));
  });

  it.each(['0', '-1', '31', '2.5', 'x', '0x10', '1e1', '%205', '1e999', '1&limit=2'])('refuses %s', async (limit) => {
    const issues = [expect.objectContaining({ path: ['limit'] })];
    expect(await restOf(app).get(`/v1/users?limit=${limit}`)).toMatchObject({
      status: 400,
      body: { error: expect.stringMatching(/^limit /), code: 'VALIDATION_FAILED', issues },
    });
  });

  it('refuses 31 on the way back, too', async () => {
    const { next } = await page('limit=10');
    expect(await restOf(app).get(`/v1/users?limit=31&previous_cursor=${next}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['limit'], code: 'OUT_OF_RANGE' }] },
    });
  });
});

describe('cursors', () => {
  it('are there only where there is such a page', async () => {
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

  it('lead back to the pages before', async () => {
    const first = await page('limit=15');
    const second = await page(`limit=15&next_cursor=${first.next}`);
    const third = await page(`limit=15&next_cursor=${second.next}`);
    const secondAgain = await page(`limit=15&previous_cursor=${third.previous}`);
    expect(secondAgain).toEqual(second);
    expect(await page(`limit=15&previous_cursor=${secondAgain.previous}`)).toEqual(first);
  });

  it('go back by ten users where no limit is given', async () => {
    const { next } = await page('limit=30');
    const { previous } = await page(`limit=30&next_cursor=${next}`);
    expect((await page(`previous_cursor=${previous}`)).uids).toEqual(
      tens(10, 60)
        .reverse()
        .map((number) => `u${number}`),
    );
  });

  it('of /users are those of /v1/users', async () => {
    const { next } = await page('');
    const unversioned = await restOf(app).get(`/users?next_cursor=${next}`);
    expect(pageIn(unversioned.body)).toEqual(await page(`next_cursor=${next}`));
  });

  it('empty ones are as good as none', async () => {
    expect(await page('next_cursor=&previous_cursor=')).toEqual(await page(''));
  });

  it('both at once are refused', async () => {
    const { next } = await page('');
    expect(await restOf(app).get(`/v1/users?next_cursor=${next}&previous_cursor=${next}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['previous_cursor'], code: 'CONTRADICTION' }] },
    });
  });

  it.each(['next_cursor', 'previous_cursor'])('a forged %s is refused', async (name) => {
    expect(await restOf(app).get(`/v1/users?${name}=5fc6477241fcec31a9548e98`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: [name], code: 'INVALID_CURSOR' }] },
    });
  });

  it('of another workspace are refused', async () => {
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

  it('gives an empty page where nobody has it', async () => {
    expect(await restOf(app).get('/v1/users?email=nobody@example.com')).toEqual({ status: 200, body: { data: [] } });
  });

  it('empty is as good as none', async () => {
    expect(await page('email=')).toEqual(await page(''));
  });

  it('that is none is refused', async () => {
    expect(await restOf(app).get('/v1/users?email=nobody')).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['email'], code: 'INVALID_EMAIL' }] },
    });
  });
});

it('parameters that the document does not know are ignored', async () => {
  expect(await page('sort=uid&page=2')).toEqual(await page(''));
});

it('an empty workspace has an empty page', async () => {
  expect(await restOf(app, app.stranger.owner).get('/v1/users')).toEqual({ status: 200, body: { data: [] } });
});

it('the statements of a page do not grow with its users', async () => {
  await using app = await startApp();
  const rest = restOf(app);
  await rest.put('/v1/users/u1', { device_token: 't1', device_platform: 'ios' });
  const { length } = await app.statementsOf(() => rest.get('/v1/users?limit=30'));
  for (let user = 2; user <= 20; user += 1) {
    await rest.put(`/v1/users/u${user}`, { device_token: `t${user}`, device_platform: 'ios' });
  }
  const many = await app.statementsOf(() => rest.get('/v1/users?limit=30'));
  expect(many).toHaveLength(length);
});

it('finds an address whose plus sign was not encoded', async () => {
  await addUser(app, { uid: 'plus', email: 'ada+news@example.com' });
  expect((await page('email=ada+news@example.com')).uids).toEqual(['plus']);
  expect((await page('email=ada%2Bnews@example.com')).uids).toEqual(['plus']);
});

it('speaks of cursors by the names that REST has for them', async () => {
  expect(await restOf(app).get('/v1/users?next_cursor=a&previous_cursor=b')).toMatchObject({
    status: 400,
    body: { error: expect.stringContaining('previous_cursor must not be combined with next_cursor') },
  });
});
