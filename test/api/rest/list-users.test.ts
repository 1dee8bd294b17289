import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
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

it.each(['/v1/users', '/v1/users/u10'])('%s rejects unknown parameters and names all of them', async (path) => {
  const message = expect.stringContaining('is not a parameter of this operation');
  const issues = ['sort', 'page[size]'].map((name) => ({ path: [name], code: 'UNKNOWN_PARAMETER', message }));
  expect(await restOf(app).get(`${path}?sort=uid&page[size]=2`)).toMatchObject({ status: 400, body: { issues } });
});

it('names a parameter with an empty name', async () => {
  expect(await restOf(app).get('/v1/users?=1')).toMatchObject({
    status: 400,
    body: { error: expect.stringMatching(/^"" is not a parameter of this operation/), issues: [{ path: [''] }] },
  });
});

it('reports unknown parameters together with invalid ones', async () => {
  expect(await restOf(app).get('/v1/users?limit=x&toString=1')).toMatchObject({
    status: 400,
    body: {
      issues: [{ path: ['toString'], message: expect.stringContaining('limit, next_cursor') }, { path: ['limit'] }],
    },
  });
});

describe('lists[]', () => {
  async function startWithLists() {
    const app = await startApp();
    await seedUsers(app, tens(6));
    const lists = [await addList(app), await addList(app)] as const;
    const users = await app.db.user.findMany({ orderBy: { id: 'asc' } });
    const add = async (list: (typeof lists)[number], numbers: number[]) => {
      for (const user of users.filter(({ uid }) => numbers.includes(Number(uid.slice(1))))) {
        await addToList(app, list, { ...user, globalId: '' }, user.uid !== 'u30');
      }
    };
    await add(lists[0], [10, 30, 50]);
    await add(lists[1], [20, 30, 40, 50]);
    return { app, lists, uidsOf: async (query: string) => pageIn((await restOf(app).get(`/v1/users?${query}`)).body) };
  }

  it('returns the members of a list, subscribed or not, page by page in both directions', async () => {
    const { app, lists, uidsOf } = await startWithLists();
    await using _ = app;
    const first = await uidsOf(`limit=2&lists[]=${lists[0].id}`);
    expect(first).toEqual({ uids: ['u50', 'u30'], next: expect.any(String), previous: undefined });
    const second = await uidsOf(`limit=2&lists[]=${lists[0].id}&next_cursor=${first.next}`);
    expect(second).toEqual({ uids: ['u10'], next: undefined, previous: expect.any(String) });
    expect(await uidsOf(`limit=2&lists[]=${lists[0].id}&previous_cursor=${second.previous}`)).toEqual(first);
  });

  it.each([
    'lists[]=A&lists[]=B',
    'lists[0]=A&lists[1]=B',
    'lists%5B%5D=A&lists%5B%5D=B',
    'lists[]=A&lists[]=B&lists[]=A',
  ])('returns the members of any of several lists once: %s', async (query) => {
    const { app, lists, uidsOf } = await startWithLists();
    await using _ = app;
    const both = query.replaceAll('=A', `=${lists[0].id}`).replaceAll('=B', `=${lists[1].id.toUpperCase()}`);
    const pages = [await uidsOf(`limit=2&${both}`)];
    for (let next = pages[0]?.next; next; next = pages.at(-1)?.next) {
      pages.push(await uidsOf(`limit=2&${both}&next_cursor=${next}`));
    }
    expect(pages.map(({ uids }) => uids)).toEqual([['u50', 'u40'], ['u30', 'u20'], ['u10']]);
    const last = pages.at(-1);
    const back = await uidsOf(`limit=2&${both}&previous_cursor=${last?.previous}`);
    expect(back).toEqual({ uids: ['u30', 'u20'], next: expect.any(String), previous: expect.any(String) });
    expect(await uidsOf(`limit=2&${both}&previous_cursor=${back.previous}`)).toMatchObject({
      uids: ['u50', 'u40'],
      previous: undefined,
    });
  });

  it('uses the same cursors as the list of all users', async () => {
    const { app, lists, uidsOf } = await startWithLists();
    await using _ = app;
    const { next } = await uidsOf('limit=3');
    expect((await uidsOf(`lists[]=${lists[0].id}&next_cursor=${next}`)).uids).toEqual(['u30', 'u10']);
  });

  it('combines with email', async () => {
    const { app, lists, uidsOf } = await startWithLists();
    await using _ = app;
    expect((await uidsOf(`lists[]=${lists[0].id}&email=u30@example.com`)).uids).toEqual(['u30']);
    expect((await uidsOf(`lists[]=${lists[0].id}&email=u20@example.com`)).uids).toEqual([]);
  });

  it('returns nobody for a list of another workspace, as for an unknown one', async () => {
    const { app, uidsOf } = await startWithLists();
    await using _ = app;
    const foreign = await addList({ ...app, ...app.stranger });
    expect(await uidsOf(`lists[]=${foreign.id}`)).toEqual(await uidsOf(`lists[]=${randomUUID()}`));
    expect((await uidsOf(`lists[]=${foreign.id}`)).uids).toEqual([]);
  });

  it.each(['lists[]=', 'lists[]=news', 'lists[]=1&lists[]='])('rejects %s', async (query) => {
    expect(await restOf(app).get(`/v1/users?${query}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['lists[]', '0'] }, ...(query.includes('&') ? [{ path: ['lists[]', '1'] }] : [])] },
    });
  });

  it('rejects more than 100 lists', async () => {
    const query = Array.from({ length: 101 }, () => `lists[]=${randomUUID()}`).join('&');
    expect(await restOf(app).get(`/v1/users?${query}`)).toMatchObject({
      status: 400,
      body: { error: 'lists[] must contain at most 100 lists; got 101' },
    });
  });

  it('reads two pages of ids and users, regardless of the number of lists', async () => {
    const { app, lists } = await startWithLists();
    await using _ = app;
    const statements = await app.statementsOf(() =>
      restOf(app).get(`/v1/users?lists[]=${lists[0].id}&lists[]=${lists[1].id}&limit=3`),
    );
    expect(statements.filter((text) => /readPages|readUsers/.test(text))).toHaveLength(2);
  });
});

describe('created_after and created_before', () => {
  /** Users `u1` to `u5`, who signed up on the first five days of 2021, in the opposite order of their ids. */
  async function startWithDates() {
    const app = await startApp();
    const list = await addList(app);
    for (const day of [5, 4, 3, 2, 1]) {
      const user = await addUser(app, {
        uid: `u${day}`,
        email: 'shared@example.com',
        createdAt: new Date(Date.UTC(2021, 0, day)),
      });
      if (day > 2) await addToList(app, list, user);
    }
    return { app, list, uidsOf: async (query: string) => pageIn((await restOf(app).get(`/v1/users?${query}`)).body) };
  }

  it.each([
    ['created_after=2021-01-04', ['u4', 'u5']],
    ['created_before=2021-01-02', ['u1']],
    ['created_after=2021-01-02&created_before=2021-01-04', ['u2', 'u3']],
    ['created_after=2021-01-04T01:00:00%2B01:00', ['u4', 'u5']],
    ['created_after=2021-01-04T01:00:00+01:00', ['u4', 'u5']],
    ['created_after=2021-01-04 00:00', ['u4', 'u5']],
    ['created_before=1609545600', ['u1']],
    ['created_before=Sat, 02 Jan 2021 00:00:00 GMT', ['u1']],
    ['created_after=2021-01-04&created_before=2021-01-02', []],
    ['created_after=&created_before=', ['u1', 'u2', 'u3', 'u4', 'u5']],
    ['created_after=2021-01-02&email=shared@example.com', ['u2', 'u3', 'u4', 'u5']],
    ['created_after=2021-01-02&email=Shared@example.com', []],
    ['created_before=2021-01-05&lists[]=LIST', ['u3', 'u4']],
    ['created_before=2021-01-05&lists[]=LIST&email=shared@example.com', ['u3', 'u4']],
  ])('filter: %s', async (query, uids) => {
    const { app, list, uidsOf } = await startWithDates();
    await using _ = app;
    expect((await uidsOf(query.replace('LIST', list.id).replaceAll(' ', '%20'))).uids).toEqual(uids);
  });

  it('use the same cursors as the list of all users, in both directions', async () => {
    const { app, uidsOf } = await startWithDates();
    await using _ = app;
    const { next } = await uidsOf('limit=1');
    const second = await uidsOf(`limit=2&created_before=2021-01-05&next_cursor=${next}`);
    expect(second.uids).toEqual(['u2', 'u3']);
    expect((await uidsOf(`created_after=2021-01-01&next_cursor=${second.next}`)).uids).toEqual(['u4', 'u5']);
    expect((await uidsOf(`created_after=2021-01-01&previous_cursor=${second.previous}`)).uids).toEqual(['u1']);
  });

  it.each(['yesterday', '2021-02-30', '0', '10000-01-01'])('reject %s', async (date) => {
    expect(await restOf(app).get(`/v1/users?created_after=${date}&created_before=${date}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['created_after'] }, { path: ['created_before'] }] },
    });
  });
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
