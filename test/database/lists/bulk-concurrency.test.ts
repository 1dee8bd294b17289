import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { atOnce, tally } from '../../kit/concurrently.ts';
import { countDeadlocks } from '../../kit/deadlocks.ts';
import { addList, addToList } from '../../kit/factories.ts';
import { ArchiveList, RemoveFromList, SetListSubscription, SetListSubscriptions } from '../../kit/operations/lists.ts';
import { DeleteUser, DeleteUsers, UpsertUsers } from '../../kit/operations/users.ts';
import { longTimeouts } from '../../kit/unlimited.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const app = await startApp({ poolSize: 20, limits: longTimeouts, ownDatabase: true });
afterAll(() => app[Symbol.asyncDispose]());

const counter = countDeadlocks(app.db);

const USERS = 100;

let lists: Awaited<ReturnType<typeof addList>>[];

const uids = Array.from({ length: USERS }, (_, place) => `u${place}`);

beforeEach(async () => {
  await app.db.user.deleteMany();
  await app.db.list.deleteMany();
  await app.db.change.deleteMany();
  lists = [await addList(app), await addList(app)];
  await app.run(UpsertUsers, { input: { users: uids.map((uid) => ({ uid })), errorPolicy: 'REJECT_ALL' } });
});

interface Subscription {
  uid: string;
  listId: string;
  subscribed: boolean;
}

/** How often each result occurs: a type name, or the code of an error of the whole request. */
async function set(subscriptions: Subscription[]): Promise<string[]> {
  const { setListSubscriptions: payload } = await app.run(SetListSubscriptions, {
    input: { subscriptions, errorPolicy: 'SKIP_FAILED' },
  });
  if (!('items' in payload)) throw new Error(payload.code);
  return payload.items.map(({ result }) => ('code' in result ? result.code : 'SET'));
}

const everyPair = (subscribed = true): Subscription[] =>
  uids.flatMap((uid) => lists.map(({ globalId: listId }) => ({ uid, listId, subscribed })));

describe('setListSubscriptions', () => {
  it.each([
    ['that insert memberships', false],
    ['that update memberships', true],
  ])('does not deadlock in opposed requests %s', async (_case, isMember) => {
    if (isMember) await set(everyPair());
    const pairs = everyPair();
    const results = await atOnce(12, (place) => set(place % 2 === 0 ? pairs : pairs.toReversed()));
    expect(tally(results.flat())).toEqual({ SET: 12 * pairs.length });
    expect(await app.db.listMembership.count({ where: { subscribed: true } })).toBe(pairs.length);
    expect(counter.deadlocks).toBe(0);
  });

  it('does not deadlock with upsertUsers, deleteUsers and single writes', async () => {
    const pairs = everyPair();
    const listIds = lists.map(({ globalId }) => globalId);
    const writes: (() => Promise<unknown>)[] = [
      () => set(pairs),
      () => set(pairs.toReversed()),
      () => {
        const users = uids.toReversed().map((uid) => ({ uid, listIds: listIds.toReversed() }));
        return app.run(UpsertUsers, { input: { users, errorPolicy: 'SKIP_FAILED' } });
      },
      () => app.run(DeleteUsers, { input: { uids: uids.toReversed(), errorPolicy: 'SKIP_FAILED' } }),
      () => Promise.all(pairs.slice(0, 10).map((input) => app.run(SetListSubscription, { input }))),
      () => app.run(DeleteUser, { input: { uid: 'u50' } }),
    ];
    await atOnce(12, (place) => writes[place % writes.length]?.() ?? Promise.resolve());
    expect(counter.deadlocks).toBe(0);
    const orphans = await app.db.$queryRaw<{ count: number }[]>`
      SELECT count(*)::int FROM list_memberships
      WHERE NOT EXISTS (SELECT FROM users WHERE users.workspace_id = list_memberships.workspace_id AND users.id = list_memberships.user_id)`;
    expect(orphans).toEqual([{ count: 0 }]);
  });

  it('is finished before a list is archived, and adds no member afterwards', async () => {
    const [list] = lists;
    const listId = list?.globalId ?? '';
    const some = uids.map((uid) => ({ uid, listId, subscribed: true }));
    const holder = await app.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query(`SELECT FROM users WHERE workspace_id = $1 AND uid = 'u3' FOR UPDATE`, [app.workspaceId]);
    const first = set(some);
    await untilWaiting(app, 1);
    const archived = app
      .run(ArchiveList, { input: { listId } })
      .then(() => app.db.listMembership.count({ where: { listId: list?.id ?? '' } }));
    await untilWaiting(app, 2);
    await holder.query('COMMIT');
    holder.release();
    expect(tally(await first)).toEqual({ SET: USERS });
    expect(await archived).toBe(USERS);
    await app.run(RemoveFromList, { input: { uid: 'u3', listId } });
    const { LIST_ARCHIVED, SET } = tally(await set(some));
    expect({ LIST_ARCHIVED, SET }).toEqual({ LIST_ARCHIVED: 1, SET: USERS - 1 });
  });

  it('unsubscribes no member who is being removed, and subscribes that user again', async () => {
    const [list] = lists;
    const listId = list?.globalId ?? '';
    for (const uid of ['u1', 'u2']) {
      const { id } = await app.db.user.findFirstOrThrow({ where: { uid } });
      await addToList(app, { id: list?.id ?? '', globalId: listId }, { id, globalId: '' });
    }
    const holder = await app.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query('DELETE FROM list_memberships');
    const results = set([
      { uid: 'u1', listId, subscribed: false },
      { uid: 'u2', listId, subscribed: true },
    ]);
    await untilWaiting(app, 1);
    await holder.query('COMMIT');
    holder.release();
    expect(await results).toEqual(['NOT_FOUND', 'SET']);
    expect(await app.db.listMembership.findMany({ include: { user: true } })).toMatchObject([
      { subscribed: true, user: { uid: 'u2' } },
    ]);
  });

  it('creates one membership for concurrent single and bulk subscriptions of one user', async () => {
    const input = { uid: 'u1', listId: lists[0]?.globalId ?? '', subscribed: true };
    const results = await atOnce(40, async (place) => {
      if (place % 2 === 0) return set([input, { ...input, uid: 'u2' }]);
      const { setListSubscription } = await app.run(SetListSubscription, { input });
      return ['code' in setListSubscription ? setListSubscription.code : 'SET'];
    });
    expect(tally(results.flat())).toEqual({ SET: 60 });
    expect(await app.db.listMembership.count()).toBe(2);
  });

  it('finds no user who is being deleted', async () => {
    const holder = await app.db.pool.connect();
    await holder.query('BEGIN');
    await holder.query(`DELETE FROM users WHERE uid = 'u1'`);
    const listId = lists[0]?.globalId ?? '';
    const results = set(['u1', 'u2'].map((uid) => ({ uid, listId, subscribed: true })));
    await untilWaiting(app, 1);
    await holder.query('COMMIT');
    holder.release();
    expect(await results).toEqual(['NOT_FOUND', 'SET']);
  });
});
