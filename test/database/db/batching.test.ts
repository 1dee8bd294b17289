import { expect, it } from 'vitest';
import { addEvent } from '../../../src/domain/events/add.ts';
import { updateUser } from '../../../src/domain/users/upsert.ts';
import { graphql } from '../../generated/gql.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addDevices, addUser } from '../../kit/factories.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const DevicesOf = graphql(`query DevicesOf($uid: String!) { user(uid: $uid) { uid devices { token } } }`);

/** An app with users u0 to u9 in both of its workspaces. */
async function startWithUsers(options: { ownDatabase?: boolean } = {}) {
  const app = await startApp(options);
  for (const owner of [app, { db: app.db, workspaceId: app.stranger.workspaceId }]) {
    for (const uid of ['u0', 'u1', 'u2', 'u3', 'u4', 'u5', 'u6', 'u7', 'u8', 'u9']) {
      const user = await addUser(owner, { uid });
      await addDevices(owner, user, [`${uid} of ${owner.workspaceId}`]);
    }
  }
  await app.run(DevicesOf, { uid: 'u0' });
  await app.run(DevicesOf, { uid: 'u0' }, app.stranger.owner);
  return app;
}

it('reads the users and devices of ten concurrent requests with one statement each', async () => {
  await using app = await startWithUsers();
  const statements = await app.statementsOf(async () => {
    const answers = await atOnce(10, (place) => app.run(DevicesOf, { uid: `u${place}` }));
    expect(answers.map(({ user }) => user)).toEqual(
      answers.map((_, place) => ({ uid: `u${place}`, devices: [{ token: `u${place} of ${app.workspaceId}` }] })),
    );
  });
  expect(statements).toHaveLength(2);
});

it('never reads two workspaces with one statement', async () => {
  await using app = await startWithUsers();
  const callers = [app, app.stranger];
  const statements = await app.statementsOf(async () => {
    const answers = await atOnce(10, (place) => app.run(DevicesOf, { uid: 'u1' }, callers[place % 2]?.owner));
    const tokens = answers.map(({ user }) => user?.devices[0]?.token);
    expect(tokens).toEqual(answers.map((_, place) => `u1 of ${callers[place % 2]?.workspaceId}`));
  });
  expect(statements).toHaveLength(4);
});

it('answers every request if there are more keys than a statement takes', async () => {
  await using app = await startWithUsers();
  const answers = await atOnce(250, (place) => app.run(DevicesOf, { uid: `u${place % 10}` }));
  expect(answers.map(({ user }) => user?.uid)).toEqual(answers.map((_, place) => `u${place % 10}`));
});

it('adds concurrent events with one statement, and an unknown user affects no other event', async () => {
  await using app = await startWithUsers();
  const uids = ['u0', 'u1', 'nobody', 'u1', 'u2'];
  const statements = await app.statementsOf(async () => {
    const added = await Promise.allSettled(
      uids.map((uid, place) => addEvent(app.db, actorOf(app), { uid, name: `${place}`, value: place })),
    );
    expect(added).toMatchObject([
      { value: { name: '0', value: 0 } },
      { value: { name: '1', value: 1 } },
      { reason: { code: 'NOT_FOUND' } },
      { value: { name: '3', value: 3 } },
      { value: { name: '4', value: 4 } },
    ]);
  });
  // One for all, and one more for the unknown user.
  expect(statements).toHaveLength(2);
  const events = await app.db.$queryRaw<{ name: string; uid: string }[]>`
    SELECT events.name, users.uid FROM events JOIN users ON users.id = events.user_id
    WHERE events.workspace_id = ${app.workspaceId}::uuid ORDER BY events.name`;
  expect(events.map(({ name, uid }) => [name, uid])).toEqual([
    ['0', 'u0'],
    ['1', 'u1'],
    ['3', 'u1'],
    ['4', 'u2'],
  ]);
});

it('does not block writes to other users while one user is locked', async () => {
  await using app = await startWithUsers();
  const { db } = app;
  const add = (uid: string) => addEvent(db, actorOf(app), { uid, name: 'Paid' });
  const rename = (uid: string) => updateUser(db, actorOf(app), { uid, firstName: 'Ada' });
  const waiting = await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT id FROM users WHERE workspace_id = ${app.workspaceId}::uuid AND uid = 'u1' FOR UPDATE`;
    const locked = [add('u1'), rename('u1')];
    await Promise.all([add('u2'), rename('u2'), add('u3'), rename('u3')]);
    await untilWaiting(app, 2);
    return locked;
  });
  expect(await Promise.all(waiting)).toMatchObject([{ name: 'Paid' }, { user: { uid: 'u1', firstName: 'Ada' } }]);
});

it('writes the other inputs if one of them makes the statement fail', async () => {
  await using app = await startWithUsers();
  // Both APIs reject U+0000, which PostgreSQL cannot store.
  const names = ['one', 'two\u0000', 'three'];
  const added = await Promise.allSettled(names.map((name) => addEvent(app.db, actorOf(app), { uid: 'u1', name })));
  expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(await app.db.event.count()).toBe(2);
});

it('loses no concurrent update of one user', async () => {
  await using app = await startWithUsers();
  const updated = await atOnce(20, (place) =>
    updateUser(app.db, actorOf(app), { uid: 'u1', meta: { [`k${place}`]: place } }),
  );
  expect(updated.map(({ user, created }, place) => [created, user.meta[`k${place}`]])).toEqual(
    updated.map((_, place) => [false, place]),
  );
  const user = await app.db.user.findFirst({ where: { uid: 'u1', workspaceId: app.workspaceId } });
  expect(Object.keys(user?.meta ?? {})).toHaveLength(20);
});

it('never deadlocks on concurrent updates and events of one user', async () => {
  await using app = await startWithUsers({ ownDatabase: true });
  const actor = actorOf(app);
  for (let round = 0; round < 12; round += 1) {
    await atOnce<unknown>(60, (place) =>
      place % 3 === 0
        ? addEvent(app.db, actor, { uid: 'u1', name: 'Paid' })
        : updateUser(app.db, actor, { uid: 'u1', meta: { plan: `${place}` } }),
    );
  }
  // A session reports its deadlocks when it ends, if not before.
  await app.db.$queryRaw`
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`;
  const [row] = await app.db.$queryRaw<{ deadlocks: number }[]>`
    SELECT deadlocks::int FROM pg_stat_database WHERE datname = current_database()`;
  expect(row?.deadlocks).toBe(0);
});
