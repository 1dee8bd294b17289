import { afterAll, beforeEach, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { countDeadlocks } from '../../kit/deadlocks.ts';
import { AddEvents } from '../../kit/operations/events.ts';
import { DeleteUser, DeleteUsers, UpsertUsers } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const app = await startApp({ poolSize: 20, limits: longTimeouts, ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

const counter = countDeadlocks(app.db);

const uids = Array.from({ length: 100 }, (_, place) => `u${place}`);

const upsertAll = () =>
  app.run(UpsertUsers, { input: { users: uids.map((uid) => ({ uid })), errorPolicy: 'REJECT_ALL' } });

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.change.deleteMany();
  await upsertAll();
});

async function deleteUsers(names: string[]): Promise<string[]> {
  const { deleteUsers: payload } = await app.run(DeleteUsers, { input: { uids: names, errorPolicy: 'SKIP_FAILED' } });
  if (!('items' in payload)) throw new Error(payload.code);
  return payload.items.map(({ result }) => ('code' in result ? result.code : 'DELETED'));
}

/** Runs a statement in another session, which holds its locks until `deletion` waits; then commits. */
async function duringStatement(statement: string, names: string[]): Promise<string[]> {
  const holder = await app.db.pool.connect();
  await holder.query('BEGIN');
  await holder.query(statement);
  const results = deleteUsers(names);
  await untilWaiting(app, 1);
  await holder.query('COMMIT');
  holder.release();
  return results;
}

it('deletes each user once in opposed requests, without a deadlock', async () => {
  const results = await atOnce(12, async (place) => {
    if (place === 6) {
      const { deleteUser } = await app.run(DeleteUser, { input: { uid: 'u50' } });
      return ['code' in deleteUser ? deleteUser.code : 'DELETED'];
    }
    if (place > 8) {
      const events = uids.toReversed().map((uid) => ({ uid, name: 'Paid' }));
      await app.run(AddEvents, { input: { events, errorPolicy: 'SKIP_FAILED' } });
      return [];
    }
    return deleteUsers(place % 2 === 0 ? uids : uids.toReversed());
  });
  expect(tally(results.flat())).toEqual({ DELETED: 100, NOT_FOUND: 701 });
  expect(await app.db.user.count()).toBe(0);
  expect(await app.db.change.count({ where: { action: 'deleteUser' } })).toBe(100);
  expect(counter.deadlocks).toBe(0);
});

it('does not find a user who is being deleted', async () => {
  expect(await duringStatement(`DELETE FROM users WHERE uid = 'u1'`, ['u1', 'u2'])).toEqual(['NOT_FOUND', 'DELETED']);
});

it('does not delete a user whose uid is being changed', async () => {
  expect(await duringStatement(`UPDATE users SET uid = 'other' WHERE uid = 'u1'`, ['u1', 'u2'])).toEqual([
    'NOT_FOUND',
    'DELETED',
  ]);
  expect(await app.db.user.count({ where: { uid: 'other' } })).toBe(1);
});
