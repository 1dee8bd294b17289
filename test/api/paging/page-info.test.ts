import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { seedUsers, tens } from '../../kit/seed-rows.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, tens(5));
});
afterAll(() => app[Symbol.asyncDispose]());

/** Ways to select `pageInfo` of the first page of two out of five. */
const ways: [name: string, document: string][] = [
  ['plainly', '{ users(first: 2) { pageInfo { hasNextPage } } }'],
  ['under an alias', '{ users(first: 2) { pageInfo: pageInfo { hasNextPage } nodes { uid } } }'],
  ['in an inline fragment', '{ users(first: 2) { nodes { uid } ... { pageInfo { hasNextPage } } } }'],
  [
    'in a fragment of a fragment',
    `{ users(first: 2) { ...outer } }
    fragment outer on UserConnection { ...inner ...inner }
    fragment inner on UserConnection { pageInfo { hasNextPage } }`,
  ],
  [
    'beside another selection of the field',
    '{ users(first: 2) { nodes { uid } } users(first: 2) { pageInfo { hasNextPage } } }',
  ],
  [
    'in one of two fields that share a fragment',
    `{ other: users(first: 2) { ...nodes } users(first: 2) { ...nodes pageInfo { hasNextPage } } }
    fragment nodes on UserConnection { nodes { uid } }`,
  ],
  [
    'as a variable says',
    'query ($is: Boolean = true) { users(first: 2) { pageInfo @include(if: $is) { hasNextPage } } }',
  ],
];

// From the third time on by compiled code, which is told of fields in its own way.
describe.each([1, 2, 3, 4])('asked for time %i', () => {
  it.each(ways)('tells whether there are more, selected %s', async (_name, document) => {
    expect(await app.send(document)).toMatchObject({ data: { users: { pageInfo: { hasNextPage: true } } } });
  });
});

it('is right for both pages that are read together, one of which is not to tell', async () => {
  const [plain, told] = await Promise.all([
    app.send('{ users(first: 2) { nodes { uid } } }'),
    app.send('{ users(first: 2) { nodes { uid } pageInfo { hasNextPage } } }'),
  ]);
  expect(plain.data).toMatchObject({ users: { nodes: [{ uid: 'u50' }, { uid: 'u40' }] } });
  expect(told.data).toMatchObject({ users: { pageInfo: { hasNextPage: true } } });
});
