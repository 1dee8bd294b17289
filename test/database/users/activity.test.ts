import { expect, it } from 'vitest';
import { addEvent } from '../../../src/domain/events/add.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { addUser } from '../../kit/factories.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** The time of each user's last event, by the user's uid. */
async function lastEvents({ db, workspaceId }: App) {
  const rows = await db.userActivity.findMany({
    where: { workspaceId },
    select: { lastEventAt: true, user: { select: { uid: true } } },
  });
  return Object.fromEntries(rows.map(({ user, lastEventAt }) => [user.uid, lastEventAt?.toISOString()]));
}

it('records the greatest timestamp of a user, whatever the order of the events', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u1' });
  await addUser(app, { uid: 'u2' });
  const add = (timestamp: string, idempotencyKey?: string) =>
    addEvent(app.db, actorOf(app), { uid: 'u1', name: 'Paid', timestamp: new Date(timestamp), idempotencyKey });
  await add('2026-01-02T00:00:00Z');
  await add('2026-01-03T00:00:00Z', 'key-1');
  await add('2026-01-01T00:00:00Z');
  expect(await lastEvents(app)).toEqual({ u1: '2026-01-03T00:00:00.000Z' });
});

it('agrees with the events that concurrent requests add to the same users', async () => {
  await using app = await startApp({ poolSize: 10 });
  const uids = ['u1', 'u2', 'u3'];
  for (const uid of uids) await addUser(app, { uid });
  await atOnce(200, (place) =>
    addEvent(app.db, actorOf(app), {
      uid: uids[place % 3] ?? '',
      name: 'Paid',
      timestamp: new Date(Date.UTC(2026, 0, 1, 0, 0, (place * 37) % 200)),
      idempotencyKey: place % 4 === 0 ? `key-${place}` : undefined,
    }),
  );
  const expected = await app.db.$queryRaw<{ uid: string; last: Date }[]>`
    SELECT uid, max(timestamp) AS last FROM events JOIN users USING (workspace_id)
    WHERE workspace_id = ${app.workspaceId}::uuid AND users.id = events.user_id GROUP BY uid`;
  expect(await lastEvents(app)).toEqual(Object.fromEntries(expected.map(({ uid, last }) => [uid, last.toISOString()])));
});

it('has no row for a deleted user, also if an event of theirs is inserted later', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u1' });
  await addEvent(app.db, actorOf(app), { uid: 'u1', name: 'Paid' });
  await deleteUser(app.db, actorOf(app), 'u1');
  expect(await lastEvents(app)).toEqual({});
  await app.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    VALUES (${app.workspaceId}::uuid, gen_random_uuid(), ${user.id}::uuid, 'Paid', now())`;
  expect(await lastEvents(app)).toEqual({});
});
