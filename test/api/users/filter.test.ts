import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { seedEvents, seedListMembers, seedUsers, tens } from '../../kit/seed-rows.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, tens(9));
  await seedListMembers(app, 1, [10, 20]);
  await seedEvents(app, 30, [1, 2]);
});
afterAll(() => app[Symbol.asyncDispose]());

it('smoke', async () => {
  const ask = (args: string) => app.graphql(`{ users(${args}) { nodes { uid } totalCount totalCountIsCapped pageInfo { hasNextPage endCursor } } }`);
  console.log(JSON.stringify(await ask('where: { events: [{ name: { eq: "paid" }, count: { gte: 2 } }] }')));
  console.log(JSON.stringify(await ask('where: { uid: { in: ["u10", "u20", "u30"] } }, orderBy: { field: EMAIL, direction: DESC }, first: 2')));
  console.log(JSON.stringify(await ask('where: { uid: { eq: null, contains: "\\u0000" }, createdAt: { within: "P1M" }, lists: { some: { listIds: ["x"] } } }')));
  expect(1).toBe(1);
});
