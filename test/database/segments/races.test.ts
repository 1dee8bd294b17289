import { expect, it } from 'vitest';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { setSegmentSuppression } from '../../../src/domain/segments/suppress.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { addSegment, addUser } from '../../kit/factories.ts';
import { findDifferences } from '../../kit/segments/naive.ts';
import {
  after,
  define,
  processOf,
  readMembers,
  redefine,
  settle,
  uidsIn,
  write,
} from '../../kit/segments/workspace.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const ADA = { firstName: { eq: 'Ada' } };

it('suppresses a member who enters while the suppression is being written', async () => {
  await using app = await startApp({ ownDatabase: true });
  await write(app, 'createUser', { uid: 'ada' });
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada' });
  const { suppressing } = await app.db.$transaction(async (tx) => {
    // The suppression waits for the segment, while the step adds the member without it.
    await tx.$queryRaw`SELECT FROM segments WHERE workspace_id = ${app.workspaceId}::uuid AND id = ${segmentId}::uuid FOR UPDATE`;
    const suppressing = setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
    await untilWaiting(app, 1);
    expect(await consumeChanges(app.db, processOf(app))).toBeTruthy();
    return { suppressing: [suppressing] };
  });
  await Promise.all(suppressing);
  await settle(app);
  expect(await readMembers(app, segmentId)).toMatchObject([{ uid: 'ada', suppressed: true }]);
});

it('suppresses a member whom a new definition adds while the suppression is being written', async () => {
  await using app = await startApp({ ownDatabase: true });
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  const segmentId = await define(app, ADA);
  const { suppressing } = await app.db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT FROM segments WHERE workspace_id = ${app.workspaceId}::uuid AND id = ${segmentId}::uuid FOR UPDATE`;
    const suppressing = setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
    await untilWaiting(app, 1);
    expect(await advanceBackfill(app.db, processOf(app), { stepSize: 1 })).toBeTruthy();
    return { suppressing: [suppressing] };
  });
  await Promise.all(suppressing);
  await settle(app);
  expect(await readMembers(app, segmentId)).toMatchObject([{ uid: 'ada', suppressed: true }]);
});

it.each<[string, (app: App, segmentId: string) => Promise<unknown>]>([
  ['a step', (app) => consumeChanges(app.db, processOf(app))],
  [
    'a step of a backfill in the database',
    async (app, segmentId) => {
      await redefine(app, segmentId, { firstName: { in: ['Ada', 'Eve'] } });
      await advanceBackfill(app.db, processOf(app));
    },
  ],
  [
    'a step of a backfill in memory',
    async (app, segmentId) => {
      await redefine(app, segmentId, { createdAt: { within: 'P30D' } });
      await advanceBackfill(app.db, processOf(app));
    },
  ],
])('%s that waits for the deletion of a user leaves nothing of the user', async (_name, run) => {
  await using app = await startApp({ ownDatabase: true });
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  const { steps } = await app.db.$transaction(async (tx) => {
    await tx.$executeRaw`DELETE FROM users WHERE workspace_id = ${app.workspaceId}::uuid AND uid = 'ada'`;
    const steps = [run(app, segmentId)];
    await untilWaiting(app, 1);
    return { steps };
  });
  await Promise.all(steps);
  await settle(app);
  expect(await findDifferences(app.db, app.workspaceId)).toEqual([]);
});

it('deletes the due instants of users who do not exist', async () => {
  await using app = await startApp({ ownDatabase: true });
  const { db, workspaceId } = app;
  await define(app, { createdAt: { within: 'P1D' } });
  await settle(app);
  // As a deletion by a REPEATABLE READ transaction leaves them.
  await db.$executeRaw`INSERT INTO segment_due (workspace_id, user_id, definition_id, due_at)
    SELECT ${workspaceId}::uuid, gen_random_uuid(), definition_id, now() FROM segments WHERE workspace_id = ${workspaceId}::uuid`;
  expect(await findDifferences(db, workspaceId)).toEqual(['1 dues without a user are left']);
  expect(await consumeChanges(db, processOf(app))).toMatchObject({ dues: 1 });
  expect(await findDifferences(db, workspaceId)).toEqual([]);
});

it('leaves nothing of a user whose deletion waits for the step that adds the user', async () => {
  await using app = await startApp({ ownDatabase: true });
  const { db, workspaceId } = app;
  const { id } = await addUser(app, { uid: 'ada' });
  const { id: segmentId } = await addSegment(app, 'Segment');
  const { deletions } = await db.$transaction(async (tx) => {
    await tx.$queryRaw`SELECT FROM users WHERE workspace_id = ${workspaceId}::uuid AND id = ${id}::uuid FOR KEY SHARE`;
    const deletions = [deleteUser(db, actorOf(app), 'ada')];
    await untilWaiting(app, 1);
    await tx.$executeRaw`INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id)
      VALUES (${workspaceId}::uuid, ${segmentId}::uuid, ${segmentId}::uuid, ${id}::uuid)`;
    await tx.$executeRaw`INSERT INTO segment_due (workspace_id, user_id, definition_id, due_at)
      VALUES (${workspaceId}::uuid, ${id}::uuid, ${segmentId}::uuid, now())`;
    return { deletions };
  });
  await Promise.all(deletions);
  expect(await db.segmentMembership.count({ where: { userId: id } })).toBe(0);
  expect(await db.segmentDue.count({ where: { userId: id } })).toBe(0);
});

it('computes a user who is created, and consumed by another process, just before a definition is complete', async () => {
  await using app = await startApp();
  const segmentId = await define(app, ADA);
  const db = after(app.db, 'readNextUsersOfSegments', async () => {
    await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
    expect(await consumeChanges(app.db, processOf(app))).toMatchObject({ changes: 2 });
  });
  await advanceBackfill(db, processOf(app));
  await settle(app);
  expect(await uidsIn(app, segmentId)).toEqual(['ada']);
});

it('computes a segment again that returns to its filter after a segment to which it refers has changed', async () => {
  await using app = await startApp();
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  await write(app, 'createUser', { uid: 'bob', firstName: 'Bob' });
  const first = await define(app, ADA);
  const inFirst = { segments: { some: { segmentIds: [first] } } };
  const second = await define(app, inFirst);
  await settle(app);
  expect(await uidsIn(app, second)).toEqual(['ada']);
  await redefine(app, first, { firstName: { eq: 'Bob' } });
  await redefine(app, second, { firstName: { eq: 'Eve' } });
  // Both are computed; the second one has not begun when the first one is complete.
  const [definition] = await app.db.$queryRaw<{ id: string }[]>`
    SELECT id FROM segment_definitions WHERE segment_id = ${second}::uuid AND completed_at IS NULL`;
  await app.db.$executeRaw`UPDATE segment_definitions SET position = 'ffffffff-ffff-ffff-ffff-ffffffffffff'
    WHERE id = ${definition?.id}::uuid`;
  await advanceBackfill(app.db, processOf(app));
  expect(await uidsIn(app, first)).toEqual(['bob']);
  await redefine(app, second, inFirst);
  await settle(app);
  expect(await uidsIn(app, second)).toEqual(['bob']);
});
