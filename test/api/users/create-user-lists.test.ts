import { expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList, countRows, noRows } from '../../kit/factories.ts';
import { CreateUser } from '../../kit/operations/users.ts';

const device = { token: 'token', platform: 'IOS' } as const;

it('subscribes to every list at once, the newest list first', async () => {
  await using app = await startApp();
  const first = await addList(app);
  const second = await addList(app);
  const listIds = [first.globalId, second.globalId];
  expect(await app.run(CreateUser, { input: { uid: 'u144', listIds } })).toMatchObject({
    createUser: {
      user: {
        lists: [
          { subscribed: true, list: { id: second.globalId } },
          { subscribed: true, list: { id: first.globalId } },
        ],
      },
    },
  });
});

it('joins a list that is named twice once', async () => {
  await using app = await startApp();
  const { globalId } = await addList(app);
  await app.run(CreateUser, { input: { uid: 'u144', listIds: [globalId, globalId] } });
  expect(await countRows(app)).toMatchObject({ users: 1, listMemberships: 1 });
});

it('creates nothing where one of the lists is unknown', async () => {
  await using app = await startApp();
  const known = await addList(app);
  const listIds = [known.globalId, encodeGlobalId('List', '0190a000-0000-7000-8000-000000000000')];
  expect(await app.run(CreateUser, { input: { uid: 'u144', device, listIds } })).toMatchObject({
    createUser: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'List' },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('creates nothing where one of the lists is another workspace’s, with the answer for an unknown one', async () => {
  await using app = await startApp();
  const foreign = await addList({ ...app.stranger, db: app.db });
  expect(await app.run(CreateUser, { input: { uid: 'u144', device, listIds: [foreign.globalId] } })).toMatchObject({
    createUser: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'List' },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('creates nothing where a list is archived, and names each that is by its place', async () => {
  await using app = await startApp();
  const open = await addList(app);
  const archived = await addList(app, { archivedAt: new Date() });
  const listIds = [archived.globalId, open.globalId, archived.globalId];
  expect(await app.run(CreateUser, { input: { uid: 'u144', device, listIds } })).toMatchObject({
    createUser: {
      issues: [
        { path: ['listIds', '0'], code: 'LIST_ARCHIVED' },
        { path: ['listIds', '2'], code: 'LIST_ARCHIVED' },
      ],
    },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('creates nothing where an id is no list’s id, and names each', async () => {
  await using app = await startApp();
  const { id, globalId } = await addList(app);
  const listIds = [globalId, 'nonsense', '', id, encodeGlobalId('User', id)];
  expect(await app.run(CreateUser, { input: { uid: 'u144', listIds } })).toMatchObject({
    createUser: {
      issues: ['1', '2', '3', '4'].map((place) => ({ path: ['listIds', place], code: 'INVALID_ID' })),
    },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('takes at most 100 lists', async () => {
  await using app = await startApp();
  const { globalId } = await addList(app);
  expect(await app.run(CreateUser, { input: { uid: 'u1', listIds: Array<string>(101).fill(globalId) } })).toMatchObject(
    {
      createUser: { issues: [{ path: ['listIds'], code: 'OUT_OF_RANGE' }] },
    },
  );
  expect(await app.run(CreateUser, { input: { uid: 'u1', listIds: Array<string>(100).fill(globalId) } })).toMatchObject(
    {
      createUser: { user: { uid: 'u1' } },
    },
  );
});

it('leaves a taken uid’s user off the lists', async () => {
  await using app = await startApp();
  const { globalId } = await addList(app);
  await app.run(CreateUser, { input: { uid: 'u144' } });
  await app.run(CreateUser, { input: { uid: 'u144', device, listIds: [globalId] } });
  expect(await countRows(app)).toEqual({ ...noRows, users: 1 });
});
