import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addList, addToList, addUser } from '../../kit/factories.ts';
import { AddEvents } from '../../kit/operations/events.ts';
import { SetListSubscriptions } from '../../kit/operations/lists.ts';
import { DeleteUsers, UpsertUsers } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';

const app = await startApp({ limits: { ...longTimeouts, lockMs: 200 }, ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

let listId: string;

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  await app.db.change.deleteMany();
  const list = await addList(app);
  listId = list.globalId;
  await addUser(app, { uid: 'free' });
  await addToList(app, list, await addUser(app, { uid: 'locked' }));
});

const uids = ['free', 'locked'];

const errorPolicy = 'SKIP_FAILED';

const mutations = {
  addEvents: () => app.send(AddEvents, { input: { events: uids.map((uid) => ({ uid, name: 'Paid' })), errorPolicy } }),
  upsertUsers: () =>
    app.send(UpsertUsers, { input: { users: uids.map((uid) => ({ uid, firstName: 'Ada' })), errorPolicy } }),
  deleteUsers: () => app.send(DeleteUsers, { input: { uids, errorPolicy } }),
  setListSubscriptions: () => {
    const subscriptions = uids.map((uid) => ({ uid, listId, subscribed: true }));
    return app.send(SetListSubscriptions, { input: { subscriptions, errorPolicy } });
  },
};

const locks = {
  user: `SELECT FROM users WHERE workspace_id = $1 AND uid = 'locked' FOR UPDATE`,
  list: 'SELECT FROM lists WHERE workspace_id = $1 FOR UPDATE',
  membership: 'SELECT FROM list_memberships WHERE workspace_id = $1 FOR UPDATE',
};

/** Sends a mutation while another session holds a lock. */
async function whileLocked(lock: keyof typeof locks, mutation: keyof typeof mutations) {
  const holder = await app.db.pool.connect();
  await holder.query('BEGIN');
  await holder.query(locks[lock], [app.workspaceId]);
  try {
    return await mutations[mutation]();
  } finally {
    await holder.query('ROLLBACK');
    holder.release();
  }
}

describe('a row that stays locked', () => {
  it.each([
    ['addEvents', 'user'],
    ['upsertUsers', 'user'],
    ['deleteUsers', 'user'],
    ['deleteUsers', 'membership'],
    ['setListSubscriptions', 'user'],
    ['setListSubscriptions', 'list'],
    ['setListSubscriptions', 'membership'],
  ] as const)('makes %s fail with an error that can be retried: %s', async (mutation, lock) => {
    const { data, errors } = await whileLocked(lock, mutation);
    expect(data ?? { [mutation]: null }).toEqual({ [mutation]: null });
    expect(errors).toMatchObject([
      {
        message: 'Timed out after 200 ms waiting for a row lock; retry later.',
        extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 },
      },
    ]);
    expect(await app.db.change.count(), 'nothing was written').toBe(0);
    expect((await mutations[mutation]()).errors).toBeUndefined();
    expect(await app.db.change.count()).toBe(2);
  });
});
