import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { seedUsers, tens } from '../../kit/seed-rows.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await seedUsers(app, tens(5));
});
afterAll(() => app[Symbol.asyncDispose]());

/** Documents that select `pageInfo` of a page of two of the five users. */
const documents: [name: string, document: string][] = [
  ['directly', '{ users(first: 2) { pageInfo { hasNextPage } } }'],
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
    'under a variable',
    'query ($is: Boolean = true) { users(first: 2) { pageInfo @include(if: $is) { hasNextPage } } }',
  ],
];

// A query is compiled after some executions; compiled code passes field nodes in its own way.
describe.each([1, 2, 3, 4])('execution %i', () => {
  it.each(documents)('returns hasNextPage if pageInfo is selected %s', async (_name, document) => {
    expect(await app.send(document)).toMatchObject({ data: { users: { pageInfo: { hasNextPage: true } } } });
  });
});

it('reads a page with and a page without pageInfo at the same time', async () => {
  const [withoutPageInfo, withPageInfo] = await Promise.all([
    app.send('{ users(first: 2) { nodes { uid } } }'),
    app.send('{ users(first: 2) { nodes { uid } pageInfo { hasNextPage } } }'),
  ]);
  expect(withoutPageInfo.data).toMatchObject({ users: { nodes: [{ uid: 'u50' }, { uid: 'u40' }] } });
  expect(withPageInfo.data).toMatchObject({ users: { pageInfo: { hasNextPage: true } } });
});

it('does not look for rows before and after a page if pageInfo is not selected', async () => {
  const first = await app.send('{ users(first: 1) { pageInfo { endCursor } } }');
  const { endCursor } = (first.data as { users: { pageInfo: { endCursor: string } } }).users.pageInfo;
  const read = (selection: string) =>
    app.statementsOf(() =>
      app.send(`query ($after: String) { users(first: 2, after: $after) { ${selection} } }`, { after: endCursor }),
    );
  expect((await read('nodes { uid } pageInfo { hasNextPage }')).join()).toMatch(/\bbeyond\b/);
  expect((await read('nodes { uid }')).join()).not.toMatch(/\bbeyond\b/);
});
