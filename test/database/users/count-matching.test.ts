import { expect, it } from 'vitest';
import { countOrdered } from '../../../src/db/reading/count.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../../src/domain/users/query.ts';
import { startApp } from '../../kit/app.ts';
import { seedEvents, seedUsers } from '../../kit/seed-rows.ts';

// More users than one step of a count reads.
const USERS = 12_000;

const app = await startApp();
await seedUsers(
  app,
  Array.from({ length: USERS }, (_, place) => place + 1),
);
await seedEvents(app, 11_999, [1, 2], 'Paid');

const countOf = (where: UserFilter, { maximum = 25_000, budgetMs = 10_000 } = {}) =>
  countOrdered(app.db, matchingUsers(app.workspaceId, { where }, new Date()), { maximum, budgetMs });

it.each<[UserFilter, number]>([
  [{ uid: { eq: 'U11999' } }, 1],
  [{ uid: { startsWith: 'u1199' } }, 11],
  [{ or: [{ uid: { eq: 'u7' } }, { events: [{ name: { eq: 'Paid' } }] }, { email: { startsWith: 'u7@' } }] }, 2],
  [{ uid: { eq: 'nobody' } }, 0],
])('%j is counted by index', async (where, count) => {
  const counts: unknown[] = [];
  const statements = await app.statementsOf(async () => {
    counts.push(await countOf(where));
  });
  expect(counts).toEqual([{ count, isCapped: false }]);
  expect(statements.filter((text) => text.includes('/* countStep'))).toEqual([]);
});

it('is capped at its maximum, by index and by scan', async () => {
  expect(await countOf({ uid: { startsWith: 'u' } }, { maximum: 100 })).toEqual({ count: 100, isCapped: true });
  expect(await countOf({ uid: { contains: 'u' } }, { maximum: 100 })).toEqual({ count: 100, isCapped: true });
});

it('counts what no index has in steps, and ends with its budget', async () => {
  expect(await countOf({ uid: { endsWith: '7' } })).toEqual({ count: USERS / 10, isCapped: false });
  expect(await countOf({ uid: { endsWith: '7' } }, { budgetMs: 0 })).toMatchObject({ isCapped: true });
});
