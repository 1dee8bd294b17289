import { afterAll, describe, expect, it } from 'vitest';
import { cursorScope, encodeCursor } from '../../../src/domain/shared/pagination.ts';
import type { UserOrder } from '../../../src/domain/users/order.ts';
import { canonicalUserQuery } from '../../../src/domain/users/query.ts';
import { graphql } from '../../generated/gql.ts';
import type { UserFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { inputErrorsOf } from '../../kit/paging/connection-case.ts';
import { describeCursorScope } from '../../kit/paging/cursor-scope.ts';
import { pageIn, restOf } from '../../kit/rest.ts';
import { rowId, seedUsers, tens } from '../../kit/seed-rows.ts';

const UsersFiltered = graphql(`
  query UsersFiltered($where: UserFilter, $orderBy: UserOrder, $first: Int, $after: String, $before: String) {
    users(where: $where, orderBy: $orderBy, first: $first, after: $after, before: $before) {
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

describe('A forged cursor with a valid checksum', () => {
  const timestamps = ['', 'x', '2021-01-12', '2021-02-30 00:00:00+00', '2021-01-12 25:00:00+00', "'", '\0'];
  const forged: [UserOrder, string | null | undefined][] = [
    ...timestamps.map((text): [UserOrder, string] => [{ field: 'CREATED_AT' }, text]),
    [{ field: 'UPDATED_AT' }, null],
    [{ field: 'UPDATED_AT' }, undefined],
    [{ field: 'UID' }, '\0'],
    [{ field: 'UID' }, null],
    [{ field: 'UID' }, undefined],
    [{ field: 'EMAIL' }, 'a\0'],
    [{ field: 'EMAIL' }, undefined],
  ];

  it.each(forged)('is refused with %j and the value %j', async (orderBy, sortKey) => {
    const scope = (name: string, ...ids: string[]) =>
      cursorScope(name, app.workspaceId, ...ids, canonicalUserQuery({ orderBy }));
    const position = { id: rowId(20), sortKey };
    const answer = await app.send(UsersFiltered, {
      orderBy,
      after: encodeCursor(scope('Query.users', app.workspaceId), position),
    });
    expect(inputErrorsOf(answer)).toEqual(['after INVALID_CURSOR']);
    const body = {
      order_by: { field: orderBy.field?.toLowerCase() },
      next_cursor: encodeCursor(scope('POST /users/search'), position),
    };
    expect(await restOf(app).post('/v1/users/search', body)).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['next_cursor'], code: 'INVALID_CURSOR' }] },
    });
  });

  it.each([
    [{ field: 'CREATED_AT' }, '2021-01-12 05:24:39.062+00'],
    [{ field: 'CREATED_AT' }, '0001-01-01 00:00:00+00'],
    [{ field: 'CREATED_AT' }, 'infinity'],
    [{ field: 'EMAIL' }, ''],
    [{ field: 'EMAIL' }, null],
  ] as [UserOrder, string | null][])('is accepted with %j and the value %j', async (orderBy, sortKey) => {
    const scope = cursorScope('POST /users/search', app.workspaceId, canonicalUserQuery({ orderBy }));
    const body = {
      order_by: { field: orderBy.field?.toLowerCase() },
      next_cursor: encodeCursor(scope, { id: rowId(20), sortKey }),
    };
    pageIn((await restOf(app).post('/v1/users/search', body)).body);
  });
});
