import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import type { DeleteUsersInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addDevices, addList, addToList, addUser, countRows, noRows } from '../../kit/factories.ts';
import { AddEvents } from '../../kit/operations/events.ts';
import { DeleteUsers, UpsertUsers } from '../../kit/operations/users.ts';

const app = await startApp({ ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.event.deleteMany();
  await app.db.userDeletion.deleteMany();
  await app.db.change.deleteMany();
});

type Input = Partial<DeleteUsersInput> & Pick<DeleteUsersInput, 'uids'>;

/** The results of the users, as `uid` or as a code, and all that `deleteUsers` returned. */
async function deleteUsers(input: Input) {
  const { deleteUsers: payload } = await app.run(DeleteUsers, { input: { errorPolicy: 'REJECT_ALL', ...input } });
  if (payload.__typename !== 'DeleteUsersPayload') throw new Error(`${payload.code}: ${payload.message}`);
  const { items, deletedCount, failedCount } = payload;
  expect(items.map(({ index }) => index)).toEqual(input.uids.map((_, index) => index));
  const results = items.map(({ result }) => ('uid' in result ? result.uid : result.code));
  return { results, items, deletedCount, failedCount };
}

const addUsers = async (...uids: string[]) => {
  const ids: string[] = [];
  for (const uid of uids) ids.push((await addUser(app, { uid })).globalId);
  return ids;
};

const storedUids = async () => (await app.db.user.findMany({ orderBy: { uid: 'asc' } })).map(({ uid }) => uid);

const deletions = () => app.db.change.count({ where: { action: 'deleteUser' } });

it('deletes users with all their rows, in the order of the inputs, and no others', async () => {
  const list = await addList(app);
  for (const uid of ['ada', 'bob', 'eve']) {
    const user = await addUser(app, { uid });
    await addToList(app, list, user);
    await addDevices(app, user, [`token of ${uid}`]);
  }
  const events = ['ada', 'bob', 'eve'].map((uid) => ({ uid, name: 'Paid' }));
  await app.run(AddEvents, { input: { events, errorPolicy: 'REJECT_ALL' } });
  const { id } = await app.db.user.findFirstOrThrow({ where: { uid: 'eve' } });
  const { results, items, deletedCount, failedCount } = await deleteUsers({ uids: ['eve', 'ada'] });
  expect({ results, deletedCount, failedCount }).toEqual({ results: ['eve', 'ada'], deletedCount: 2, failedCount: 0 });
  expect(items[0]?.result).toHaveProperty('deletedUserId');
  while (await runErasureStep(app.db));
  expect(await countRows(app)).toEqual({ ...noRows, users: 1, devices: 1, listMemberships: 1, events: 1 });
  expect(await storedUids()).toEqual(['bob']);
  const changes = await app.db.change.findMany({ where: { action: 'deleteUser' } });
  expect(changes).toHaveLength(2);
  expect(changes.map(({ userId }) => userId)).toContain(id);
});

it('returns the global ids of the deleted users', async () => {
  const [ada, bob] = await addUsers('ada', 'bob');
  const { items } = await deleteUsers({ uids: ['bob', 'ada'] });
  const ids = items.map(({ result }) => ('deletedUserId' in result ? result.deletedUserId : undefined));
  expect(ids).toEqual([bob, ada]);
});

const mixed = ['ada', 'nobody', 'a/b', 'bob', '', 'ada'];

it('deletes all others with SKIP_FAILED; a repeated uid is not found', async () => {
  await addUsers('ada', 'bob', 'eve');
  const { results, items, deletedCount, failedCount } = await deleteUsers({ uids: mixed, errorPolicy: 'SKIP_FAILED' });
  expect(results).toEqual(['ada', 'NOT_FOUND', 'VALIDATION_FAILED', 'bob', 'VALIDATION_FAILED', 'NOT_FOUND']);
  expect({ deletedCount, failedCount }).toEqual({ deletedCount: 2, failedCount: 4 });
  expect(items[1]?.result).toMatchObject({ resource: 'User' });
  expect(items[2]?.result).toMatchObject({ issues: [{ path: ['uid'], code: 'INVALID_UID' }] });
  expect(items[4]?.result).toMatchObject({ issues: [{ path: ['uid'] }] });
  expect(await storedUids()).toEqual(['eve']);
  expect(await deletions()).toBe(2);
});

it('deletes none with REJECT_ALL if one fails, and reports every failure', async () => {
  await addUsers('ada', 'bob');
  expect(await deleteUsers({ uids: mixed })).toMatchObject({
    results: ['BATCH_REJECTED', 'NOT_FOUND', 'VALIDATION_FAILED', 'BATCH_REJECTED', 'VALIDATION_FAILED', 'NOT_FOUND'],
    deletedCount: 0,
    failedCount: 6,
  });
  expect(await storedUids()).toEqual(['ada', 'bob']);
  expect(await deletions()).toBe(0);
});

it.each(['nobody', 'a/b', '', ' ', 'x'.repeat(300), '\u0000', '\uD800'])('rejects %j alone', async (uid) => {
  await addUsers('ada');
  const { results, deletedCount } = await deleteUsers({ uids: [uid, 'ada'], errorPolicy: 'SKIP_FAILED' });
  expect(results).toEqual([uid === 'nobody' ? 'NOT_FOUND' : 'VALIDATION_FAILED', 'ada']);
  expect(deletedCount).toBe(1);
});

it('accepts no users, and users of whom none exists', async () => {
  expect(await deleteUsers({ uids: [] })).toMatchObject({ items: [], deletedCount: 0, failedCount: 0 });
  expect(await deleteUsers({ uids: ['ada'] })).toMatchObject({ results: ['NOT_FOUND'] });
});

it('does not delete a user of another workspace', async () => {
  await addUser({ ...app.stranger, db: app.db }, { uid: 'ada' });
  await addUsers('bob');
  const { results } = await deleteUsers({ uids: ['ada', 'bob'], errorPolicy: 'SKIP_FAILED' });
  expect(results).toEqual(['NOT_FOUND', 'bob']);
  expect(await app.db.user.findMany()).toMatchObject([{ uid: 'ada', workspaceId: app.stranger.workspaceId }]);
});

it('sends the same number of statements for 2 users and for 500', async () => {
  const counts: number[] = [];
  for (const length of [2, 500]) {
    const uids = Array.from({ length }, (_, place) => `u${place}`);
    await app.run(UpsertUsers, { input: { users: uids.map((uid) => ({ uid })), errorPolicy: 'REJECT_ALL' } });
    const statements = await app.statementsOf(async () => {
      expect(await deleteUsers({ uids })).toMatchObject({ deletedCount: length });
    });
    counts.push(statements.length);
  }
  expect(counts).toEqual([4, 4]);
});

it('is forbidden for the public key', async () => {
  await addUsers('ada');
  expect(
    await app.send(DeleteUsers, { input: { uids: ['ada'], errorPolicy: 'SKIP_FAILED' } }, app.publicKey),
  ).toMatchObject({ errors: [{ extensions: { code: 'FORBIDDEN', requiredScopes: ['users:write'] } }] });
  expect(await storedUids()).toEqual(['ada']);
});

describe.each([true, false])('limits, executed directly: %s', (executeDirectly) => {
  it('of users, points and complexity', async () => {
    await using limited = await startApp({
      executeDirectly,
      limits: { bulkUsers: 20, inputItems: 5, complexity: 20 },
      rateLimits: { secret: 30, publicKey: 30 },
    });
    const uids = (length: number) => Array.from({ length }, (_, place) => `u${place}`);
    const ofInput = `mutation ($input: DeleteUsersInput!) { deleteUsers(input: $input) { ... on DeleteUsersPayload {
      items { index result { ... on DeleteUserPayload { uid } } } } } }`;
    const ofList = `mutation ($uids: [String!]!) { deleteUsers(input: { uids: $uids }) { __typename } }`;
    const literal = `mutation { deleteUsers(input: { uids: ${JSON.stringify(uids(21))} }) { __typename } }`;
    const { headers, errors } = await limited.send(ofInput, { input: { uids: uids(20) } });
    expect(errors).toBeUndefined();
    expect(headers['ratelimit-remaining']).toBe('9');
    for (const response of [
      await limited.send(ofInput, { input: { uids: uids(21) } }),
      await limited.send(ofList, { uids: uids(21) }),
      await limited.send(literal),
    ]) {
      expect(response.errors?.[0]?.extensions).toMatchObject({
        code: 'BAD_USER_INPUT',
        issues: [{ code: 'TOO_MANY' }],
      });
    }
    expect((await limited.send(ofList, { uids: uids(9) })).errors?.[0]?.extensions.code).toBe('RATE_LIMITED');
  });
});
