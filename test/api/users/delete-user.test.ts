import { expect, it } from 'vitest';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToList, addToSegment, addUser, countRows, noRows } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { CreateUser, DeleteUser, ReadUser, UpdateUser } from '../../kit/operations/users.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Adds a user with one row in every table. */
async function addWholeUser(app: App, uid: string) {
  const user = await addUser(app, { uid });
  await addToList(app, await addList(app), user);
  await addToSegment(app, await addSegment(app, 'Active'), user);
  await app.run(AddEvent, { input: { uid, name: 'Paid' } });
  await app.run(UpdateUser, {
    input: { uid, device: { token: `token of ${uid}`.replaceAll(' ', '-'), platform: 'IOS' } },
  });
  return user;
}

it('deletes the user’s rows in every table, and returns the ids of the user', async () => {
  await using app = await startApp({ ownDatabase: true });
  const { globalId } = await addWholeUser(app, 'u144');
  expect(Object.values(await countRows(app))).toEqual([1, 1, 1, 1, 1]);
  expect(await app.run(DeleteUser, { input: { uid: 'u144' } })).toEqual({
    deleteUser: { __typename: 'DeleteUserPayload', deletedUserId: globalId, uid: 'u144' },
  });
  expect(await countRows(app)).toEqual({ ...noRows, events: 1 });
  await runErasureStep(app.db);
  expect(await countRows(app)).toEqual(noRows);
  expect(await app.run(ReadUser, { uid: 'u144' })).toEqual({ user: null });
});

it('deletes no rows of other users', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addWholeUser(app, 'u144');
  await addWholeUser(app, 'u145');
  await app.run(DeleteUser, { input: { uid: 'u144' } });
  await runErasureStep(app.db);
  expect(Object.values(await countRows(app))).toEqual([1, 1, 1, 1, 1]);
  expect(await app.db.list.count()).toBe(2);
  expect(await app.db.segment.count()).toBe(2);
});

it('fails with NotFoundError for a deleted user', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144' });
  await app.run(DeleteUser, { input: { uid: 'u144' } });
  expect(await app.run(DeleteUser, { input: { uid: 'u144' } })).toMatchObject({
    deleteUser: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'User' },
  });
});

it('frees the uid for a new user, who has no related rows', async () => {
  await using app = await startApp();
  const { globalId } = await addWholeUser(app, 'u144');
  await app.run(DeleteUser, { input: { uid: 'u144' } });
  const { createUser } = await app.run(CreateUser, { input: { uid: 'u144' } });
  if (!('user' in createUser)) throw new Error(createUser.message);
  expect(createUser.user).toMatchObject({ devices: [], lists: [], segments: [] });
  expect(createUser.user.id).not.toBe(globalId);
});

it('accepts every uid that updateUser accepts', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'a.jinadu@somecorp.email' });
  await app.run(DeleteUser, { input: { uid: 'a.jinadu@somecorp.email' } });
  expect(await countRows(app)).toEqual(noRows);
});

it('reports an invalid uid', async () => {
  await using app = await startApp();
  expect(await app.run(DeleteUser, { input: { uid: 'a/b' } })).toMatchObject({
    deleteUser: { issues: [{ path: ['uid'], code: 'INVALID_UID' }] },
  });
});

it('fails with NotFoundError for a user of another workspace, and does not delete it', async () => {
  await using app = await startApp();
  await addUser({ ...app.stranger, db: app.db }, { uid: 'u144' });
  expect(await app.run(DeleteUser, { input: { uid: 'u144' } })).toMatchObject({ deleteUser: { code: 'NOT_FOUND' } });
  expect(await app.db.user.count()).toBe(1);
});

it('is forbidden for the public key', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144' });
  expect(await app.send(DeleteUser, { input: { uid: 'u144' } }, app.publicKey)).toMatchObject({
    errors: [{ extensions: { code: 'FORBIDDEN', requiredScopes: ['users:write'] } }],
  });
  expect(await app.db.user.count()).toBe(1);
});
