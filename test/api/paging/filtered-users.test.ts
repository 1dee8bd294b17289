import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cursorScope, encodeCursor } from '../../../src/domain/shared/pagination.ts';
import type { UserOrder } from '../../../src/domain/users/order.ts';
import { canonicalUserQuery } from '../../../src/domain/users/query.ts';
import { graphql } from '../../generated/gql.ts';
import type { UserFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { declareAll, storeValues } from '../../kit/filters/declared.ts';
import { inputErrorsOf } from '../../kit/paging/connection-case.ts';
import { describeCursorScope } from '../../kit/paging/cursor-scope.ts';
import { pageIn, restOf } from '../../kit/rest.ts';
import { rowId, seedUsers, tens } from '../../kit/seed-rows.ts';

const UsersFiltered = graphql(`
  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $search: String, $first: Int, $after: String, $before: String) {
    users(where: $where, orderBy: $orderBy, search: $search, first: $first, after: $after, before: $before) {
      edges { cursor node { id uid } }
      pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    }
  }
`);

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());
await seedUsers(app, tens(4));

const byEmail: UserOrder = { field: 'EMAIL' };
const where: UserFilter = { uid: { ne: 'x' } };

describe('A cursor of users', () => {
  it('is accepted with the same filter and order, in any order of their fields and with defaults as null', async () => {
    const both = { where: { ...where, isAccount: { eq: false } }, orderBy: { ...byEmail, nulls: null } };
    const { users } = await app.run(UsersFiltered, { ...both, first: 1 });
    const same = { where: { isAccount: { eq: false }, ...where }, orderBy: byEmail, after: users.edges[0]?.cursor };
    const after = await app.run(UsersFiltered, same);
    expect(after.users.edges.map(({ node }) => node.uid)).toEqual(['u20', 'u30', 'u40']);
  });
});

describe('Query.users', () => {
  describeCursorScope(async (variables) => {
    const { data, ...answer } = await app.send(UsersFiltered, variables);
    return { ...answer, data: data?.users };
  });
});

interface Query {
  orderBy?: UserOrder;
  search?: string;
}

describe('A forged cursor with a valid checksum', () => {
  const createdAt: Query = { orderBy: { field: 'CREATED_AT' } };
  const updatedAt: Query = { orderBy: { field: 'UPDATED_AT' } };
  const lastEventAt: Query = { orderBy: { field: 'LAST_EVENT_AT' } };
  const uid: Query = { orderBy: { field: 'UID' } };
  const email: Query = { orderBy: byEmail };
  const numeric: Query = { orderBy: { attribute: { key: 'age', type: 'NUMBER' }, direction: 'DESC' } };
  const text: Query = { orderBy: { attribute: { key: 'plan', type: 'STRING' }, nulls: 'FIRST' } };
  const search: Query = { search: 'u example' };

  beforeAll(async () => {
    await declareAll(app, { age: 'NUMBER', plan: 'STRING' });
    await storeValues(app);
  });

  /** The cursors of both APIs for a position. */
  const cursorsOf = (query: Query, sortKey: string | null | undefined) => {
    const scope = (name: string, ...ids: string[]) =>
      cursorScope(name, app.workspaceId, ...ids, canonicalUserQuery(query));
    const position = { id: rowId(20), sortKey };
    return {
      graphql: encodeCursor(scope('Query.users', app.workspaceId), position),
      rest: encodeCursor(scope('POST /users/search'), position),
    };
  };

  /** A query in REST, which writes the names of enumerations in lower case. */
  const restQuery = ({ orderBy, search: words }: Query) => ({
    search: words,
    order_by: orderBy && {
      ...orderBy,
      field: orderBy.field?.toLowerCase(),
      direction: orderBy.direction?.toLowerCase(),
      nulls: orderBy.nulls?.toLowerCase(),
      attribute: orderBy.attribute && { ...orderBy.attribute, type: orderBy.attribute.type.toLowerCase() },
    },
  });

  const timestamps = [
    '',
    'x',
    '0000-01-01 00:00:00+00',
    '2021-01-12',
    '2021-02-30 00:00:00+00',
    '2021-01-12 25:00:00+00',
    "'",
    '\0',
    'now',
  ];
  const numbers = [
    '',
    'x',
    '1e5',
    '1.',
    '.5',
    ' 1',
    '+1',
    '--1',
    'NaN',
    'Infinity',
    '1,5',
    "'",
    '\0',
    '9'.repeat(1_101),
  ];
  const forged: [Query, string | null | undefined][] = [
    ...timestamps.flatMap((value): [Query, string][] => [
      [createdAt, value],
      [lastEventAt, value],
    ]),
    [lastEventAt, '1'],
    [lastEventAt, undefined],
    [updatedAt, null],
    [updatedAt, undefined],
    [uid, '\0'],
    [uid, null],
    [uid, undefined],
    [email, 'a\0'],
    [email, undefined],
    ...numbers.map((value): [Query, string] => [numeric, value]),
    [numeric, undefined],
    [text, '\0'],
    [text, undefined],
    ...['', 'x', 'FIRST', 'first ', 'values', 'nulls', 'true', '\0', null, undefined].map(
      (value): [Query, string | null | undefined] => [search, value],
    ),
    // The order of a search is the one that is given.
    [{ ...search, ...numeric }, 'first'],
    [{ ...search, ...email }, undefined],
  ];

  it.each(forged)('is refused with %j and the value %j', async (query, sortKey) => {
    const cursors = cursorsOf(query, sortKey);
    for (const side of ['after', 'before'] as const) {
      const answer = await app.send(UsersFiltered, { ...query, [side]: cursors.graphql });
      expect(inputErrorsOf(answer)).toEqual([`${side} INVALID_CURSOR`]);
    }
    expect(
      await restOf(app).post('/v1/users/search', { ...restQuery(query), next_cursor: cursors.rest }),
    ).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['next_cursor'], code: 'INVALID_CURSOR' }] },
    });
  });

  const positions: [Query, string | null][] = [
    ...['2021-01-12 05:24:39.062+00', '0001-01-01 00:00:00+00', '9999-12-31 23:59:59.999999+00', 'infinity'].flatMap(
      (value): [Query, string][] => [
        [createdAt, value],
        [lastEventAt, value],
      ],
    ),
    [lastEventAt, '-infinity'],
    [lastEventAt, null],
    [email, ''],
    [email, null],
    ...['0', '-0', '007', '-12.50', '9'.repeat(1_100), `0.${'1'.repeat(1_100)}`, null].map(
      (value): [Query, string | null] => [numeric, value],
    ),
    ...['', 'Z', "a'b", '\u{10ffff}', 'x'.repeat(10_000), null].map((value): [Query, string | null] => [text, value]),
    [search, 'first'],
    [search, 'rest'],
    [{ ...search, ...email }, 'x'],
  ];

  it.each(positions)('is a position with %j and the value %j', async (query, sortKey) => {
    const cursors = cursorsOf(query, sortKey);
    const found = await Promise.all(
      (['after', 'before'] as const).map(async (side) => {
        const { users } = await app.run(UsersFiltered, { ...query, [side]: cursors.graphql });
        return users.edges.map(({ node }) => node.uid);
      }),
    );
    // Those before and after it are all users, except for the one at the position, if there is one.
    const all = ['u10', 'u20', 'u30', 'u40'].filter((name) => found.flat().length === 4 || name !== 'u20');
    expect(found.flat().toSorted()).toEqual(all);
    const body = { ...restQuery(query), next_cursor: cursors.rest };
    expect(pageIn((await restOf(app).post('/v1/users/search', body)).body).uids).toEqual(found[0]);
  });
});
