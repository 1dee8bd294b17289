import { expect, it } from 'vitest';
import type { UpdateUserInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { UpdateUser } from '../../kit/operations/users.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** The attributes after a change to `{ plan: 'pro', age: 34 }`. */
async function metaAfter(app: App, change: Omit<UpdateUserInput, 'uid'>) {
  await addUser(app, { uid: 'u144', meta: { plan: 'pro', age: 34 } });
  const { updateUser } = await app.run(UpdateUser, { input: { uid: 'u144', ...change } });
  return 'user' in updateUser ? updateUser.user.meta : updateUser;
}

it('merges key by key: adds new keys, replaces existing ones, keeps the others', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: { plan: 'custom', coverage: 20 } })).toEqual({
    plan: 'custom',
    age: 34,
    coverage: 20,
  });
});

it('replaces a value with one of another type', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: { plan: false, age: 'old' } })).toEqual({ plan: false, age: 'old' });
});

it('changes nothing with an empty object', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: {} })).toEqual({ plan: 'pro', age: 34 });
});

it('removes the keys in removeMeta, and ignores unknown ones', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { removeMeta: ['age', 'nothing'] })).toEqual({ plan: 'pro' });
});

it('merges and removes in one call', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: { coverage: 20 }, removeMeta: ['plan'] })).toEqual({ age: 34, coverage: 20 });
});

it('rejects a key that is in meta and in removeMeta', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: { coverage: 20, seats: 3 }, removeMeta: ['plan', 'seats'] })).toMatchObject({
    issues: [{ path: ['removeMeta', '1'], code: 'CONTRADICTION' }],
  });
});

it('removes everything with null, regardless of removeMeta', async () => {
  await using app = await startApp();
  expect(await metaAfter(app, { meta: null, removeMeta: ['age'] })).toEqual({});
});

it('merges and removes the key __proto__', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144' });
  const meta: UpdateUserInput['meta'] = JSON.parse('{"__proto__":"a","b":1}');
  const { updateUser } = await app.run(UpdateUser, { input: { uid: 'u144', meta } });
  expect('user' in updateUser && Object.entries(updateUser.user.meta)).toContainEqual(['__proto__', 'a']);
  const removed = await app.run(UpdateUser, { input: { uid: 'u144', removeMeta: ['__proto__'] } });
  expect('user' in removed.updateUser && Object.entries(removed.updateUser.user.meta)).toEqual([['b', 1]]);
});

const hundred = Object.fromEntries(Array.from({ length: 100 }, (_, place) => [`key${place}`, true]));

it('rejects a merge that exceeds 100 keys, and rolls back the whole call, including a device', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', meta: hundred, firstName: 'Ada' });
  const device = { token: 'token', platform: 'IOS' } as const;
  const input = { uid: 'u144', meta: { one: 'more' }, firstName: 'Eve', device };
  expect(await app.run(UpdateUser, { input })).toMatchObject({
    updateUser: { code: 'VALIDATION_FAILED', issues: [{ path: ['meta'], code: 'TOO_MANY' }] },
  });
  expect(await app.db.user.findMany()).toMatchObject([{ firstName: 'Ada', meta: hundred }]);
  expect(await app.db.device.count()).toBe(0);
});

it('rejects a merge that exceeds 16 KB', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', meta: { a: 'x'.repeat(9000) } });
  expect(await app.run(UpdateUser, { input: { uid: 'u144', meta: { b: 'x'.repeat(9000) } } })).toMatchObject({
    updateUser: { issues: [{ path: ['meta'], code: 'TOO_LARGE' }] },
  });
});

it('accepts a merge at the limit if removeMeta removes a key in the same call', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u144', meta: hundred });
  const { updateUser } = await app.run(UpdateUser, {
    input: { uid: 'u144', meta: { one: 'more' }, removeMeta: ['key0'] },
  });
  expect('user' in updateUser && Object.keys(updateUser.user.meta)).toHaveLength(100);
});

it('reports a key that is both set and removed with every other issue', async () => {
  await using app = await startApp();
  const input = { uid: 'u1', number: '1', meta: { k: 1 }, removeMeta: ['k'] };
  expect(await app.run(UpdateUser, { input })).toMatchObject({
    updateUser: { issues: [{ path: ['number'] }, { path: ['removeMeta', '0'], code: 'CONTRADICTION' }] },
  });
});
