import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { addEvent } from '../../../src/domain/events/add.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { requestErasure, runErasureStep } from '../../../src/domain/users/erasure.ts';
import { eraseDeletedUsers } from '../../../src/jobs/erase-deleted-users.ts';
import { runJobs } from '../../../src/jobs/run-jobs.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { changeTriggers } from '../../kit/distribution.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent } from '../../kit/operations/events.ts';
import { DeleteUser } from '../../kit/operations/users.ts';
import { restOf } from '../../kit/rest.ts';
import { casesOf } from '../../kit/test-size.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Adds a user with a number of events. */
async function addUserWithEvents(app: App, uid: string, events: number, workspaceId = app.workspaceId) {
  const user = await addUser({ db: app.db, workspaceId }, { uid });
  await app.db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    SELECT ${workspaceId}::uuid, gen_random_uuid(), ${user.id}::uuid, 'Paid', now() FROM generate_series(1, ${events}::int)`;
  return user;
}

const eventsOf = ({ db }: App, { id }: { id: string }) => db.event.count({ where: { userId: id } });

/** Events of a user with many: 80 steps in CI, 8 in the development loop. */
const MANY = casesOf(400_000);

const ReadNodes = `query ($id: ID!, $ids: [ID!]!) {
  node(id: $id) { __typename }
  nodes(ids: $ids) { __typename }
  _entities(representations: [{ __typename: "User", id: $id }, { __typename: "User", uid: "u1" }]) { __typename }
  user(uid: "u1") { uid }
  users { totalCount nodes { uid events { totalCount } } }
}`;

it('hides a deleted user and their events from every reader immediately', async () => {
  await using app = await startApp({ ownDatabase: true });
  const user = await addUserWithEvents(app, 'u1', 0);
  await addUserWithEvents(app, 'u2', 3);
  const paid = { uid: 'u1', name: 'Paid', idempotencyKey: 'k1' };
  const { addEvent: added } = await app.run(AddEvent, { input: paid });
  const eventId = 'event' in added ? added.event.id : '';
  const variables = { id: user.globalId, ids: [eventId, user.globalId] };
  expect((await app.send(ReadNodes, variables)).data).toMatchObject({
    node: { __typename: 'User' },
    nodes: [{ __typename: 'Event' }, { __typename: 'User' }],
  });

  await app.run(DeleteUser, { input: { uid: 'u1' } });
  expect(await eventsOf(app, user)).toBe(1);
  expect((await app.send(ReadNodes, variables)).data).toEqual({
    node: null,
    nodes: [null, null],
    _entities: [null, null],
    user: null,
    users: { totalCount: 1, nodes: [{ uid: 'u2', events: { totalCount: 3 } }] },
  });
  expect((await app.send(ReadNodes, { id: eventId, ids: [] })).data).toMatchObject({ node: null });
  expect(await restOf(app).get('/v1/users/u1')).toMatchObject({ status: 404 });
  expect(await app.run(AddEvent, { input: paid })).toMatchObject({ addEvent: { code: 'NOT_FOUND' } });

  const again = await addUser(app, { uid: 'u1' });
  expect((await app.send(ReadNodes, { id: again.globalId, ids: [eventId] })).data).toMatchObject({
    nodes: [null],
    users: { totalCount: 2, nodes: [{ uid: 'u1', events: { totalCount: 0 } }, { uid: 'u2' }] },
  });
  const actions = await app.db.change.findMany({ select: { action: true, userId: true } });
  expect(actions).toContainEqual({ action: 'deleteUser', userId: user.id });
});

it('deletes a user with many events by the same statements as one without events, and erases the events in bounded steps', async () => {
  await using app = await startApp({ ownDatabase: true, limits: { statementMs: 60_000 } });
  const large = await addUserWithEvents(app, 'large', MANY);
  const other = await addUserWithEvents(app, 'other', 10);
  const small = await addUserWithEvents(app, 'small', 0);
  // Warms the cache of API keys.
  await app.run(DeleteUser, { input: { uid: 'nobody' } });
  const timed = async (uid: string) => {
    const begin = performance.now();
    const statements = await app.statementsOf(() => app.run(DeleteUser, { input: { uid } }));
    return { statements, ms: performance.now() - begin };
  };
  const deletedSmall = await timed('small');
  const deletedLarge = await timed('large');
  expect(deletedLarge.statements).toEqual(deletedSmall.statements);
  expect(deletedLarge.ms).toBeLessThan(Math.max(deletedSmall.ms * 20, 1_000));
  expect([await eventsOf(app, large), await app.db.userDeletion.count()]).toEqual([MANY, 2]);

  const steps = [];
  for (;;) {
    const step = await runErasureStep(app.db);
    if (!step) break;
    steps.push(step);
  }
  expect(steps).toHaveLength(1 + MANY / 5_000 + 1);
  expect(steps.at(-1)).toMatchObject({ userId: large.id, erasedEvents: MANY, isComplete: true });
  expect(steps[0]).toMatchObject({ userId: small.id, erasedEvents: 0, isComplete: true });
  expect([await eventsOf(app, large), await app.db.userDeletion.count()]).toEqual([0, 0]);
  expect(await eventsOf(app, other)).toBe(10);
}, 120_000);

it('erases each event once when several processes run', async () => {
  await using app = await startApp({ ownDatabase: true });
  const users = [];
  for (let place = 0; place < 6; place += 1) users.push(await addUserWithEvents(app, `u${place}`, 101));
  const kept = await addUserWithEvents(app, 'u0', 50, app.stranger.workspaceId);
  for (let place = 0; place < 5; place += 1) await deleteUser(app.db, actorOf(app), `u${place}`);
  const totals = new Map<string, number>();
  await atOnce(3, async () => {
    while ((await app.db.userDeletion.count()) > 0) {
      const step = await runErasureStep(app.db, 10);
      if (step?.isComplete) totals.set(step.userId, step.erasedEvents);
    }
  });
  expect([...totals.values()]).toEqual([101, 101, 101, 101, 101]);
  expect(await app.db.event.count({ where: { userId: { in: [...totals.keys()] } } })).toBe(0);
  expect(await eventsOf(app, kept)).toBe(50);
  expect(await app.db.event.count()).toBe(151);
});

it('leaves no event without a user or a deletion record while events are added to a user who is deleted', async () => {
  await using app = await startApp({ ownDatabase: true, poolSize: 20 });
  const actor = actorOf(app);
  let added = 0;
  for (let round = 0; round < 40; round += 1) {
    await addUser(app, { uid: 'u1' });
    const remove = () => deleteUser(app.db, actor, 'u1');
    await Promise.all([
      // Every eighth round deletes first, the others 1 to 7 ms after the first event is sent.
      round % 8 === 0 ? remove() : setTimeout(round % 8).then(remove),
      atOnce(50, async (place) => {
        // With an idempotency key, alone; the others in batches.
        const event = { uid: 'u1', name: 'Paid', idempotencyKey: place % 5 === 0 ? `${round} ${place}` : undefined };
        await addEvent(app.db, actor, event).then(
          () => (added += 1),
          () => {},
        );
      }),
    ]);
  }
  const stray = await app.db.$queryRaw<unknown[]>`
    SELECT FROM events LEFT JOIN user_deletions USING (workspace_id, user_id) WHERE user_deletions.user_id IS NULL`;
  expect(stray).toHaveLength(0);
  expect(await app.db.event.count()).toBe(added);
  while (await runErasureStep(app.db));
  expect([await app.db.event.count(), await app.db.userDeletion.count()]).toEqual([0, 0]);
  expect(added).toBeGreaterThan(0);
  expect(added).toBeLessThan(40 * 50);
});

it.each([
  ['in a batch', undefined],
  ['with an idempotency key', 'key-1'],
])('deletes a user only after the event that is being added %s, and erases the event', async (_how, idempotencyKey) => {
  await using app = await startApp({ ownDatabase: true });
  const actor = actorOf(app);
  await addUser(app, { uid: 'u1' });
  await changeTriggers(
    app.db,
    `CREATE FUNCTION wait_for_test() RETURNS trigger LANGUAGE plpgsql
    AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END'`,
    'CREATE TRIGGER wait_for_test BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION wait_for_test()',
  );
  const { adding, deleting } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT pg_advisory_xact_lock(1)::text`;
    const adding = addEvent(app.db, actor, { uid: 'u1', name: 'Paid', idempotencyKey });
    await untilWaiting(app, 1);
    const deleting = deleteUser(app.db, actor, 'u1').then(async () => {
      while (await runErasureStep(app.db));
    });
    await Promise.race([deleting, untilWaiting(app, 2)]);
    return { adding, deleting };
  });
  await adding;
  await deleting;
  expect(await app.db.event.count()).toBe(0);
});

it('records every deletion, including those that bypass the domain', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addUserWithEvents(app, 'u1', 3);
  await app.db.user.deleteMany();
  expect(await app.db.userDeletion.count()).toBe(1);
});

it('deletes the events of a workspace with the workspace, and leaves no deletion record', async () => {
  await using app = await startApp({ ownDatabase: true });
  await addUserWithEvents(app, 'u1', 3);
  const kept = await addUserWithEvents(app, 'u1', 4, app.stranger.workspaceId);
  await app.db.workspace.delete({ where: { id: app.workspaceId } });
  expect(await app.db.event.count()).toBe(4);
  expect(await eventsOf(app, kept)).toBe(4);
  expect(await app.db.userDeletion.count()).toBe(0);
});

it('erases in the background until it is stopped, and continues after a fault, which it logs once', async () => {
  await using app = await startApp({ ownDatabase: true, limits: { lockMs: 50 } });
  const lines: { level: number; msg: string }[] = [];
  const log = pino({ level: 'info' }, { write: (line) => lines.push(JSON.parse(line)) });
  const user = await addUserWithEvents(app, 'u1', 12_000);
  await app.run(DeleteUser, { input: { uid: 'u1' } });
  await app.db.$executeRaw`ALTER TABLE user_deletions RENAME TO hidden`;
  const job = runJobs([eraseDeletedUsers(app.db, log)], log, 20);
  await vi.waitFor(() => expect(lines).toMatchObject([{ level: 40 }]));
  await setTimeout(200);
  expect(lines).toHaveLength(1);
  await app.db.$executeRaw`ALTER TABLE hidden RENAME TO user_deletions`;
  await vi.waitFor(() => expect(lines).toHaveLength(2), { timeout: 10_000 });
  expect(lines[1]).toMatchObject({ level: 30, workspaceId: app.workspaceId, userId: user.id, erasedEvents: 12_000 });
  expect(await app.db.event.count()).toBe(0);
  await job.stop();
  await addUserWithEvents(app, 'u2', 1);
  await app.run(DeleteUser, { input: { uid: 'u2' } });
  await setTimeout(200);
  expect(await app.db.userDeletion.count()).toBe(1);
});

it('erases the events of other users while those of one user are locked', async () => {
  await using app = await startApp({ ownDatabase: true, limits: { lockMs: 50 } });
  const blocked = await addUserWithEvents(app, 'u1', 3);
  const others = [await addUserWithEvents(app, 'u2', 3), await addUserWithEvents(app, 'u3', 3)];
  for (const uid of ['u1', 'u2', 'u3']) await deleteUser(app.db, actorOf(app), uid);
  const job = await app.db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT FROM events
      WHERE workspace_id = ${app.workspaceId}::uuid AND user_id = ${blocked.id}::uuid FOR UPDATE`;
    const started = runJobs([eraseDeletedUsers(app.db, pino({ level: 'silent' }))], pino({ level: 'silent' }), 20);
    for (const other of others) {
      await vi.waitFor(async () => expect(await eventsOf(app, other)).toBe(0), { timeout: 4_000 });
    }
    expect(await eventsOf(app, blocked)).toBe(3);
    return started;
  });
  await vi.waitFor(async () => expect(await eventsOf(app, blocked)).toBe(0), { timeout: 15_000 });
  await job.stop();
});

it('skips the oldest deletion, also if another user was deleted in the same millisecond', async () => {
  await using app = await startApp({ ownDatabase: true });
  const first = await addUserWithEvents(app, 'u1', 1);
  const second = await addUserWithEvents(app, 'u2', 1);
  for (const uid of ['u1', 'u2']) await deleteUser(app.db, actorOf(app), uid);
  await app.db.userDeletion.updateMany({ data: { requestedAt: new Date() } });
  expect(await runErasureStep(app.db, 1, 1)).toMatchObject({ userId: second.id });
  expect(await runErasureStep(app.db, 1, 0)).toMatchObject({ userId: first.id });
});

it('requests the erasure of deleted users with events or changes, but not of users who exist', async () => {
  await using app = await startApp({ ownDatabase: true });
  const existing = await addUserWithEvents(app, 'u1', 1);
  const deleted = await addUserWithEvents(app, 'u2', 1);
  await app.db.user.delete({ where: { workspaceId_id: { workspaceId: app.workspaceId, id: deleted.id } } });
  await app.db.userDeletion.deleteMany();
  await app.db.change.deleteMany();
  const request = (id: string, workspaceId = app.workspaceId) => requestErasure(app.db, workspaceId, id);
  expect(await request(existing.id)).toBe(false);
  expect(await request(deleted.id, app.stranger.workspaceId)).toBe(false);
  expect(await request(deleted.id)).toBe(true);
  while (await runErasureStep(app.db));
  expect([await eventsOf(app, existing), await eventsOf(app, deleted)]).toEqual([1, 0]);
  expect(await request(deleted.id)).toBe(false);
});
