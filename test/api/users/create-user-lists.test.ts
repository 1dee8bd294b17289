import { expect, it } from 'vitest';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList, countRows, noRows } from '../../kit/factories.ts';
import { CreateUser } from '../../kit/operations/users.ts';

const device = { token: 'token', platform: 'IOS' } as const;

it('subscribes to every list, newest list first', async () => {
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

it('ignores duplicate lists', async () => {
  await using app = await startApp();
  const { globalId } = await addList(app);
  await app.run(CreateUser, { input: { uid: 'u144', listIds: [globalId, globalId] } });
  expect(await countRows(app)).toMatchObject({ users: 1, listMemberships: 1 });
});

it('creates nothing if one of the lists is unknown', async () => {
  await using app = await startApp();
  const known = await addList(app);
  const listIds = [known.globalId, encodeGlobalId('List', '0190a000-0000-7000-8000-000000000000')];
  expect(await app.run(CreateUser, { input: { uid: 'u144', device, listIds } })).toMatchObject({
    createUser: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'List' },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('creates nothing if a list is of another workspace, with the error for an unknown list', async () => {
  await using app = await startApp();
  const foreign = await addList({ ...app.stranger, db: app.db });
  expect(await app.run(CreateUser, { input: { uid: 'u144', device, listIds: [foreign.globalId] } })).toMatchObject({
    createUser: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'List' },
  });
  expect(await countRows(app)).toEqual(noRows);
});

it('creates nothing if lists are archived, and reports each by its position', async () => {
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

it('creates nothing if ids are not ids of lists, and reports each', async () => {
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

it('accepts at most 100 lists', async () => {
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

it('does not subscribe the user whose uid is taken', async () => {
  await using app = await startApp();
  const { globalId } = await addList(app);
  await app.run(CreateUser, { input: { uid: 'u144' } });
  await app.run(CreateUser, { input: { uid: 'u144', device, listIds: [globalId] } });
  expect(await countRows(app)).toEqual({ ...noRows, users: 1 });
});
