import { expect, it } from 'vitest';
import type { UserFilter, UserOrder } from '../../generated/graphql.ts';
import type { Answer } from '../app.ts';
import { type ConnectionPage, inputErrorsOf, type PageVariables, pageOf } from './connection-case.ts';

interface FilterAndOrder {
  where?: UserFilter;
  orderBy?: UserOrder;
}

const where: UserFilter = { uid: { ne: 'x' } };
const orderBy: UserOrder = { field: 'EMAIL' };

const others: [title: string, FilterAndOrder][] = [
  ['another filter', { where: { uid: { ne: 'y' } }, orderBy }],
  ['no filter', { orderBy }],
  ['another order', { where, orderBy: { field: 'UID' } }],
  ['another direction', { where, orderBy: { ...orderBy, direction: 'DESC' } }],
  ['other places of missing values', { where, orderBy: { ...orderBy, nulls: 'FIRST' } }],
  ['no order', { where }],
  ['neither', {}],
];

/** Tests that cursors of a connection of users are rejected with any other filter or order than their own. */
export function describeCursorScope(
  read: (variables: FilterAndOrder & PageVariables) => Promise<Answer<ConnectionPage>>,
): void {
  it.each(others)('rejects a cursor with %s, and the other way round', async (_title, other) => {
    const own = { where, orderBy };
    for (const [origin, target] of [
      [own, other],
      [other, own],
    ] as const) {
      const { endCursor } = pageOf(await read({ ...origin, first: 1 })).pageInfo;
      for (const side of ['after', 'before'] as const) {
        const answer = await read({ ...target, [side]: endCursor });
        expect(inputErrorsOf(answer)).toEqual([`${side} INVALID_CURSOR`]);
        expect(answer.errors?.[0]?.message).toBe(
          `${side}: must be a cursor of this connection with the same where, orderBy and search`,
        );
      }
    }
  });
}
