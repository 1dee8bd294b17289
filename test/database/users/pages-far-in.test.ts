import { expect, it } from 'vitest';
import type { Page } from '../../../src/db/reading/keyset.ts';
import { readOrderedPage } from '../../../src/db/reading/ordered/page.ts';
import type { UserOrder } from '../../../src/domain/users/order.ts';
import { matchingUsers } from '../../../src/domain/users/query.ts';
import { startApp } from '../../kit/app.ts';
import { rowId, seedUsers } from '../../kit/seed-rows.ts';

const app = await startApp();
await seedUsers(app, [1, 2, 3, 4]);

const read = (page: Page, orderBy?: UserOrder) =>
  readOrderedPage(
    app.db,
    matchingUsers(app.workspaceId, { where: { uid: { startsWith: 'u' } }, orderBy }, new Date()),
    page,
  );

it.each<[UserOrder | undefined, string | undefined]>([
  [undefined, undefined],
  [{ field: 'UID' }, 'u2'],
])(
  'A page in the order %j after a cursor takes one statement, as long as its user is there',
  async (orderBy, sortKey) => {
    const page: Page = {
      size: 1,
      from: 'start',
      bound: { side: 'after', id: rowId(2), ...(sortKey ? { sortKey } : {}) },
    };
    const statements = await app.statementsOf(async () => {
      expect(await read(page, orderBy)).toMatchObject({
        hasPreviousPage: true,
        rows: [{ uid: orderBy ? 'u3' : 'u1' }],
      });
    });
    expect(statements.filter((text) => text.includes('readOrderedPage'))).toHaveLength(1);
    expect(statements.filter((text) => text.includes('hasRowsBeyond'))).toEqual([]);
  },
);
