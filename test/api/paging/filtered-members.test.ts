import { afterAll, describe, expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import type { ListMembersFilteredQueryVariables, UserFilter, UserOrder } from '../../generated/graphql.ts';
import { type Answer, type Caller, startApp } from '../../kit/app.ts';
import { type ConnectionPage, inputErrorsOf, pageOf, walkPages } from '../../kit/paging/connection-case.ts';
import { describeCursorScope } from '../../kit/paging/cursor-scope.ts';
import { rowGlobalId, rowId, seedListMembers, seedSegmentMembers, seedUsers } from '../../kit/seed-rows.ts';

const ListMembersFiltered = graphql(`
  query ListMembersFiltered(
    $parent: ID!
    $where: UserFilter
    $orderBy: UserOrder
    $subscribed: Boolean
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    list(id: $parent) {
      members(
        where: $where
        orderBy: $orderBy
        subscribed: $subscribed
        first: $first
        after: $after
        last: $last
        before: $before
      ) {
        edges { id cursor subscribed joinedAt node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
        totalCountIsCapped
      }
    }
  }
`);

const SegmentMembersFiltered = graphql(`
  query SegmentMembersFiltered(
    $parent: ID!
    $where: UserFilter
    $orderBy: UserOrder
    $first: Int
    $after: String
    $last: Int
    $before: String
  ) {
    segment(id: $parent) {
      members(where: $where, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { id } }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
        totalCount
        totalCountIsCapped
      }
    }
  }
`);

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

/** Members of the list and segment 1, of which those with odd numbers are not subscribed; others are members of 2, or of none. */
const members = [10, 11, 12, 13, 14, 15, 16, 17];
await seedUsers(app, [...members, 30, 31, 32]);
await seedListMembers(
  app,
  1,
  members.filter((number) => number % 2 === 0),
);
await seedListMembers(
  app,
  1,
  members.filter((number) => number % 2 === 1),
  false,
);
await seedListMembers(app, 2, [10, 30]);
await seedSegmentMembers(app, 1, members);
await seedSegmentMembers(app, 2, [10, 30]);
/** First names of the members in the order of their numbers; two have none. */
const names = ['Eve', 'ada', null, 'Ben', 'Cleo', null, 'ada', 'Dan'];
for (const [index, number] of members.entries()) {
  await app.db.user.update({
    where: { workspaceId_id: { workspaceId: app.workspaceId, id: rowId(number) } },
    data: { firstName: names[index] ?? null, meta: { even: number % 2 === 0 } },
  });
}

type Variables = Omit<ListMembersFilteredQueryVariables, 'parent' | 'subscribed'>;

const ids = (numbers: readonly number[]) => numbers.map((number) => rowGlobalId('User', number));

const byName: UserOrder = { field: 'FIRST_NAME' };
const even: UserFilter = { meta: [{ key: 'even', boolean: { eq: true } }] };

const connections: [
  string,
  (variables: Variables, parent?: number, caller?: Caller) => Promise<Answer<ConnectionPage>>,
][] = [
  [
    'List.members',
    async (variables, parent = 1, caller = app.owner) => {
      const { data, ...answer } = await app.send(
        ListMembersFiltered,
        { parent: rowGlobalId('List', parent), ...variables },
        caller,
      );
      return { ...answer, data: data?.list?.members };
    },
  ],
  [
    'Segment.members',
    async (variables, parent = 1, caller = app.owner) => {
      const { data, ...answer } = await app.send(
        SegmentMembersFiltered,
        { parent: rowGlobalId('Segment', parent), ...variables },
        caller,
      );
      return { ...answer, data: data?.segment?.members };
    },
  ],
];

describe.each(connections)('%s', (_name, send) => {
  const page = async (variables: Variables, parent?: number) => pageOf(await send(variables, parent));

  it.each<[string, Variables, number[]]>([
    ['no user but its members', { where: {} }, members.toReversed()],
    ['the members that match', { where: even }, [16, 14, 12, 10]],
    ['the members that do not match', { where: { not: even } }, [17, 15, 13, 11]],
    ['nobody', { where: { or: [] } }, []],
    ['all, by name', { orderBy: byName }, [11, 16, 13, 14, 17, 10, 12, 15]],
    [
      'all, by name, those without one first',
      { orderBy: { ...byName, direction: 'DESC', nulls: 'FIRST' } },
      [15, 12, 10, 17, 14, 13, 16, 11],
    ],
    ['the members that match, by name', { where: even, orderBy: byName }, [16, 14, 10, 12]],
    [
      'the members who are members of another list, too',
      { where: { lists: { some: { listIds: [rowGlobalId('List', 2)] } } } },
      [10],
    ],
  ])('returns and counts %s', async (_what, variables, numbers) => {
    const found = await page({ ...variables, first: 100 });
    expect({ ids: found.ids, count: found.totalCount }).toEqual({ ids: ids(numbers), count: numbers.length });
    expect(found.totalCountIsCapped).toBe(false);
  });

  it.each<[string, Variables, number[]]>([
    ['a filter', { where: { not: { uid: { eq: 'u13' } } } }, [17, 16, 15, 14, 12, 11, 10]],
    ['an order with missing values', { orderBy: byName }, [11, 16, 13, 14, 17, 10, 12, 15]],
    [
      'both',
      { where: { uid: { ne: 'u14' } }, orderBy: { field: 'UID', direction: 'DESC' } },
      [17, 16, 15, 13, 12, 11, 10],
    ],
  ])('is paged in both directions with %s', async (_what, variables, numbers) => {
    for (const size of [1, 2, 3, 7]) {
      for (const direction of ['forwards', 'backwards'] as const) {
        const seen = await walkPages((position) => page({ ...variables, ...position }), size, direction);
        const expected = ids(direction === 'forwards' ? numbers : numbers.toReversed());
        expect({ size, direction, seen }).toEqual({ size, direction, seen: expected });
      }
    }
  });

  describeCursorScope(send);

  it('rejects a cursor of another parent', async () => {
    const { pageInfo } = await page({ where: even, first: 1 });
    expect(inputErrorsOf(await send({ where: even, after: pageInfo.endCursor }, 2))).toEqual(['after INVALID_CURSOR']);
  });

  it('requires the scope of what a filter compares', async () => {
    const caller = await app.withScopes('users:read', 'lists:read', 'segments:read');
    const where: UserFilter = { events: [{ name: { eq: 'Paid' } }] };
    expect((await send({ where }, 1, caller)).errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
  });

  it('limits the size of a filter', async () => {
    const where: UserFilter = { uid: { in: Array.from({ length: 251 }, (_, index) => `u${index}`) } };
    expect((await send({ where })).errors?.[0]?.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED' });
  });
});

describe('List.members with a filter', () => {
  it('combines with subscribed', async () => {
    const parent = rowGlobalId('List', 1);
    const where: UserFilter = { uid: { ne: 'u12' } };
    for (const [subscribed, numbers] of [
      [true, [16, 14, 10]],
      [false, [17, 15, 13, 11]],
    ] as const) {
      const { list } = await app.run(ListMembersFiltered, { parent, where, subscribed });
      expect(list?.members.edges.map(({ node }) => node.id)).toEqual(ids(numbers));
      expect(list?.members.totalCount).toBe(numbers.length);
    }
  });

  it('returns the same edges as without it, except for their cursors', async () => {
    const parent = rowGlobalId('List', 1);
    const edgesOf = async (where?: UserFilter) =>
      (await app.run(ListMembersFiltered, { parent, where })).list?.members.edges.map(({ cursor: _, ...edge }) => edge);
    const edges = await edgesOf({});
    expect(edges).toEqual(await edgesOf());
    expect(edges?.map(({ subscribed }) => subscribed)).toEqual(members.toReversed().map((number) => number % 2 === 0));
  });
});
