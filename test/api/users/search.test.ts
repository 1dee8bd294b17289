import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToList, addToSegment, addUser } from '../../kit/factories.ts';
import { inputErrorsOf } from '../../kit/paging/connection-case.ts';
import { pageIn, restOf } from '../../kit/rest.ts';

const UsersSearched = graphql(`
  query UsersSearched(
    $search: String, $where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $last: Int, $before: String
  ) {
    users(
      search: $search, where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before
    ) {
      nodes { uid }
      totalCount
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

const MembersSearched = graphql(`
  query MembersSearched($list: ID!, $segment: ID!, $search: String, $after: String) {
    list(id: $list) {
      members(first: 1, search: $search, after: $after) {
        edges { node { uid } }
        totalCount
        pageInfo { endCursor hasNextPage }
      }
    }
    segment(id: $segment) { members(search: $search) { nodes { uid } } }
  }
`);

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  const users = [
    { uid: 'u1', firstName: 'Ada', lastName: 'Lovelace', email: 'ada.l@example.com', number: '+442071234567' },
    { uid: 'u2', firstName: 'Adaeze', lastName: 'Obi', email: 'Adaeze@Mail.example' },
    { uid: 'u3', firstName: 'Chloé', lastName: 'Ångström', email: 'chloe@example.com', number: '+2348012345678' },
    { uid: 'u4', lastName: 'Adamu-Łódź' },
    { uid: 'ADA', isAccount: true },
  ];
  for (const user of users) await addUser(app, user);
  await addUser({ ...app.stranger, db: app.db }, { uid: 'u1', firstName: 'Ada', number: '+442071234567' });
});
afterAll(() => app[Symbol.asyncDispose]());

async function uidsOf(search: string | null, variables: object = {}): Promise<string[]> {
  const { users } = await app.run(UsersSearched, { search, ...variables });
  expect(users.totalCount).toBeGreaterThanOrEqual(users.nodes.length);
  return users.nodes.map(({ uid }) => uid);
}

const restSearch = async (body: object) => pageIn((await restOf(app).post('/v1/users/search', body)).body);
const restList = async (parameters: Record<string, string>) =>
  pageIn((await restOf(app).get(`/v1/users?${new URLSearchParams(parameters)}`)).body);

const all = ['ADA', 'u4', 'u3', 'u2', 'u1'];

const searches: [search: string, uids: string[]][] = [
  ['ada', ['ADA', 'u1', 'u4', 'u2']],
  ['ADAE', ['u2']],
  ['lovelace ada', ['u1']],
  ['ad lo', ['u4', 'u1']],
  ['chloe angstrom', ['u3']],
  ['ÅNGSTRÖM', ['u3']],
  ['lodz', ['u4']],
  ['exam', ['u3', 'u2', 'u1']],
  ['example', ['u3', 'u2', 'u1']],
  ['ada.l@example.com', ['u1']],
  ['mail', ['u2']],
  ['u3', ['u3']],
  ['+44 20 7123 4567', ['u1']],
  ['+44 (0)20', []],
  ['442', ['u1']],
  ['44', ['u1']],
  ['07', []],
  ['071', ['u1']],
  ['7123 ada', ['u1']],
  ['1234', ['u3', 'u1']],
  ['71243', []],
  ['234801', ['u3']],
  ['nobody', []],
  ['ada nobody', []],
];

describe('A search', () => {
  it.each(searches)('for "%s" finds the same users, in the same order, in both APIs', async (search, uids) => {
    expect(await uidsOf(search)).toEqual(uids);
    expect((await restSearch({ search })).uids).toEqual(uids);
    expect((await restList({ search })).uids).toEqual(uids);
  });

  it.each([null, '', '  ', '-- @', '😀'])('without letters and digits matches everybody: %j', async (search) => {
    expect(await uidsOf(search)).toEqual(all);
    expect((await restSearch({ search })).uids).toEqual(all);
    expect((await restList({ search: search ?? '' })).uids).toEqual(all);
  });

  it('is combined with a filter, and sorted by an order', async () => {
    expect(await uidsOf('ada', { where: { isAccount: { eq: false } } })).toEqual(['u1', 'u4', 'u2']);
    expect(await uidsOf('ada', { where: { or: [{ uid: { eq: 'u2' } }, { uid: { eq: 'u3' } }] } })).toEqual(['u2']);
    expect(await uidsOf('ada', { orderBy: { field: 'UID' } })).toEqual(['ADA', 'u1', 'u2', 'u4']);
    expect((await restSearch({ search: 'ada', order_by: { field: 'uid', direction: 'desc' } })).uids).toEqual([
      'u4',
      'u2',
      'u1',
      'ADA',
    ]);
    expect((await restList({ search: 'ada', email: 'ada.l@example.com' })).uids).toEqual(['u1']);
  });

  it('finds members of lists and segments', async () => {
    await using owner = await startApp();
    const [list, segment] = [await addList(owner), await addSegment(owner, 'Payers')];
    for (const uid of ['x1', 'x2', 'x3']) {
      const user = await addUser(owner, { uid, firstName: uid === 'x1' ? 'Ada' : 'Adaeze' });
      if (uid !== 'x3') await addToList(owner, list, user);
      if (uid !== 'x2') await addToSegment(owner, segment, user);
    }
    const read = async (after?: string | null) =>
      owner.run(MembersSearched, { list: list.globalId, segment: segment.globalId, search: 'ada', after });
    const first = await read();
    expect(first.list?.members).toMatchObject({
      edges: [{ node: { uid: 'x1' } }],
      totalCount: 2,
      pageInfo: { hasNextPage: true },
    });
    expect(first.segment?.members.nodes).toEqual([{ uid: 'x1' }, { uid: 'x3' }]);
    const second = await read(first.list?.members.pageInfo.endCursor);
    expect(second.list?.members).toMatchObject({ edges: [{ node: { uid: 'x2' } }], pageInfo: { hasNextPage: false } });
  });

  it('pages from exact matches to the others, and back', async () => {
    const page = async (variables: object) => (await app.run(UsersSearched, { search: 'ada', ...variables })).users;
    const first = await page({ first: 3 });
    expect(first).toMatchObject({
      nodes: [{ uid: 'ADA' }, { uid: 'u1' }, { uid: 'u4' }],
      totalCount: 4,
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
    });
    const second = await page({ first: 3, after: first.pageInfo.endCursor });
    expect(second).toMatchObject({ nodes: [{ uid: 'u2' }], pageInfo: { hasNextPage: false, hasPreviousPage: true } });
    const back = await page({ last: 2, before: second.pageInfo.startCursor });
    expect(back).toMatchObject({
      nodes: [{ uid: 'u1' }, { uid: 'u4' }],
      pageInfo: { hasNextPage: true, hasPreviousPage: true },
    });
  });

  it('never finds users of another workspace', async () => {
    const { users } = await app.run(UsersSearched, { search: 'ada' }, app.stranger.owner);
    expect(users.nodes).toEqual([{ uid: 'u1' }]);
    const ofStranger = restOf(app, app.stranger.owner);
    expect(pageIn((await ofStranger.get('/v1/users?search=lovelace')).body).uids).toEqual([]);
    expect(pageIn((await ofStranger.get('/v1/users?number=2348012345678')).body).uids).toEqual([]);
  });

  it('requires users:read', async () => {
    const answer = await app.send(UsersSearched, { search: 'ada' }, await app.withScopes('lists:read'));
    expect(answer.errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(await restOf(app, app.publicKey).get('/v1/users?search=ada')).toMatchObject({ status: 403 });
  });
});

describe('The cursor of a search', () => {
  const cursorOf = async (variables: object) =>
    (await app.run(UsersSearched, { first: 1, ...variables })).users.pageInfo.endCursor ?? '';

  it('is valid with the same words, however they are written', async () => {
    const after = await cursorOf({ search: 'ada' });
    expect(await uidsOf('  ADA! ', { after })).toEqual(['u1', 'u4', 'u2']);
    const { next } = await restSearch({ search: 'Ada', limit: 1 });
    expect((await restSearch({ search: 'ada', next_cursor: next })).uids).toEqual(['u1', 'u4', 'u2']);
    const list = await restList({ search: 'Ada', limit: '1' });
    expect((await restList({ search: 'ada', next_cursor: list.next ?? '' })).uids).toEqual(['u1', 'u4', 'u2']);
  });

  it.each([
    [{ search: 'ada' }, { search: 'ad' }],
    [{ search: 'ada' }, { search: '' }],
    [{ search: 'ada' }, {}],
    [{ search: 'ada' }, { search: 'ada', where: {} }],
    [{ search: 'ada' }, { search: 'ada', orderBy: { field: 'UID' as const } }],
  ])('is rejected with another search, filter or order: %j, %j', async (one, other) => {
    for (const [own, foreign] of [
      [one, other],
      [other, one],
    ]) {
      const after = await cursorOf(own ?? {});
      expect(inputErrorsOf(await app.send(UsersSearched, { ...foreign, after }))).toEqual(['after INVALID_CURSOR']);
    }
  });

  it('is rejected by the list of users with another search', async () => {
    const { next = '' } = await restList({ search: 'ada', limit: '1' });
    const { next: ofList = '' } = await restList({ limit: '1' });
    for (const query of [`next_cursor=${next}`, `search=ad&next_cursor=${next}`, `search=ada&next_cursor=${ofList}`]) {
      expect(await restOf(app).get(`/v1/users?${query}`)).toMatchObject({
        status: 400,
        body: { issues: [{ path: ['next_cursor'], code: 'INVALID_CURSOR' }] },
      });
    }
  });
});

describe('A search that is invalid', () => {
  const invalid: [string, string, string][] = [
    ['more than 200 characters', 'x'.repeat(201), 'TOO_LONG'],
    ['more than 10 words', 'a b c d e f g h i j k', 'TOO_MANY'],
    ['a character that cannot be stored', 'a\0b', 'INVALID_CHARACTER'],
  ];

  it.each(invalid)('has %s', async (_what, search, code) => {
    const answer = await app.send(UsersSearched, { search, first: 0 });
    expect(inputErrorsOf(answer)).toEqual([`search ${code}`]);
    const issues = [{ path: ['search'], code }];
    expect(await restOf(app).post('/v1/users/search', { search })).toMatchObject({ status: 400, body: { issues } });
    expect(await restOf(app).get(`/v1/users?search=${encodeURIComponent(search)}`)).toMatchObject({
      status: 400,
      body: { issues },
    });
  });

  it('has a text of another type', async () => {
    expect(await restOf(app).post('/v1/users/search', { search: 5 })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['search'], code: 'INVALID_TYPE' }] },
    });
  });

  it('adds 5 to the complexity, unless it is empty', async () => {
    await using limited = await startApp({ limits: { complexity: 35 } });
    const send = (search: string | null) =>
      limited.send('query ($search: String) { users(first: 30, search: $search) { nodes { uid } } }', { search });
    expect((await send(null)).errors).toBeUndefined();
    expect((await send('')).errors).toBeUndefined();
    expect((await send('ada')).errors?.[0]?.message).toContain(`has a complexity of ${1 + 30 + 5}; the limit is 35`);
  });

  it('repeats words at no cost', async () => {
    expect(await uidsOf('lo lo lo lo lo lo lo lo lo lo lo lo')).toEqual(['u4', 'u1']);
  });
});

describe('GET /users?number=', () => {
  it.each([
    ['+442071234567', ['u1']],
    ['442071234567', ['u1']],
    ['+44 20 7123 4567', ['u1']],
    ['+442071234568', []],
    ['', all],
  ])('%s finds %j', async (number, uids) => expect((await restList({ number })).uids).toEqual(uids));

  it('accepts a + that is not percent-encoded', async () => {
    expect(pageIn((await restOf(app).get('/v1/users?number=+442071234567')).body).uids).toEqual(['u1']);
  });

  it('is combined with the other parameters', async () => {
    const number = '+2348012345678';
    expect((await restList({ number, search: 'chl', email: 'chloe@example.com' })).uids).toEqual(['u3']);
    expect((await restList({ number, search: 'ada' })).uids).toEqual([]);
  });

  it.each(['12', 'x', '+'])('rejects %s', async (number) => {
    expect(await restOf(app).get(`/v1/users?number=${encodeURIComponent(number)}`)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['number'], code: 'INVALID_NUMBER' }] },
    });
  });
});
