import { expect, it } from 'vitest';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { cleanUpDefinitions } from '../../../src/domain/segments/clean-up.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { deleteSegment } from '../../../src/domain/segments/define.ts';
import { readSegmentDefinitions } from '../../../src/domain/segments/definition.ts';
import { setSegmentSuppression } from '../../../src/domain/segments/suppress.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import {
  after,
  define,
  processOf,
  readHistory,
  readMembers,
  redefine,
  settle,
  uidsIn,
  write,
} from '../../kit/segments/workspace.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const ADA = { firstName: { eq: 'Ada' } };

/** Inserts users who have the first name Ada. */
async function addAdas(app: App, count: number): Promise<void> {
  for (let place = 0; place < count; place += 1) await addUser(app, { uid: `ada${place}`, firstName: 'Ada' });
}

const progressOf = async (app: App, segmentId: string) =>
  (await readSegmentDefinitions(app.db, app.workspaceId, [segmentId])).get(segmentId);

const countRows = async ({ db, workspaceId }: App, table: string) =>
  (await db.$queryRawUnsafe<unknown[]>(`SELECT FROM ${table} WHERE workspace_id = '${workspaceId}'`)).length;

it.each([
  ['in the database', ADA],
  ['in memory', { or: [ADA, { appLastActiveAt: { within: 'P1D' } }] }],
])('computes a definition %s in steps, which another process resumes', async (_, where) => {
  await using app = await startApp();
  await addAdas(app, 10);
  const segmentId = await define(app, where);
  expect(await progressOf(app, segmentId)).toMatchObject({ status: 'COMPUTING', progress: 0, computedAt: null });
  expect(await advanceBackfill(app.db, processOf(app), { stepSize: 3 })).toEqual({ users: 3, completed: undefined });
  expect(await progressOf(app, segmentId)).toMatchObject({ status: 'COMPUTING', progress: 30 });
  expect(await uidsIn(app, segmentId)).toEqual([]);
  // Another process continues, without a user twice.
  for (const progress of [60, 90]) {
    expect(await advanceBackfill(app.db, processOf(app), { stepSize: 3 })).toEqual({ users: 3, completed: undefined });
    expect(await progressOf(app, segmentId)).toMatchObject({ progress });
  }
  expect(await advanceBackfill(app.db, processOf(app), { stepSize: 3 })).toEqual({ users: 1, completed: segmentId });
  expect(await uidsIn(app, segmentId)).toHaveLength(10);
  expect(await progressOf(app, segmentId)).toMatchObject({ status: 'READY', progress: null });
  expect(await advanceBackfill(app.db, processOf(app))).toBeNull();
  // The history is one change.
  expect(await readHistory(app, segmentId)).toEqual([]);
  const computed = await app.db.$queryRaw`
    SELECT key_id, changed FROM changes WHERE segment_id = ${segmentId}::uuid AND action = 'computeSegment'`;
  expect(computed).toEqual([{ key_id: 'segments', changed: ['entered:10', 'exited:0'] }]);
});

it('completes a definition while another segment is redefined again and again', async () => {
  await using app = await startApp();
  await addAdas(app, 6);
  const first = await define(app, ADA);
  const second = await define(app, { firstName: { eq: 'Bob' } });
  const segments = processOf(app);
  for (let step = 0; step < 8; step += 1) {
    await advanceBackfill(app.db, segments, { stepSize: 1 });
    await redefine(app, second, { firstName: { eq: `Bob ${step}` } });
  }
  expect(await progressOf(app, first)).toMatchObject({ status: 'READY' });
  expect(await progressOf(app, second)).toMatchObject({ status: 'COMPUTING' });
});

it('deletes many replaced definitions without a walk through the users for each', async () => {
  await using app = await startApp();
  await addAdas(app, 6);
  const timed = { appLastActiveAt: { within: 'P1D' } };
  const segmentIds = [await define(app, ADA), await define(app, timed), await define(app, timed)];
  await settle(app);
  for (const segmentId of segmentIds) await deleteSegment(app.db, actorOf(app), segmentId);
  let steps = 0;
  for (;;) {
    const current = await processOf(app).read(app.db);
    const replaced = current?.definitions ?? [];
    if (replaced.length === 0) break;
    await cleanUpDefinitions(app.db, app.workspaceId, replaced, { stepSize: 6 });
    steps += 1;
  }
  // Seven definitions, two of which are timed: a step for each, one for the members, and a walk of two steps for both.
  expect(steps).toBeLessThanOrEqual(10);
  for (const table of ['segment_definitions', 'segment_memberships', 'segment_due'])
    expect(await countRows(app, table)).toBe(0);
});

it('applies live changes to the users that a definition has read, and leaves the others to it', async () => {
  await using app = await startApp();
  await addAdas(app, 4);
  const segmentId = await define(app, ADA);
  await advanceBackfill(app.db, processOf(app), { stepSize: 2 });
  await write(app, 'updateUser', { uid: 'ada0', firstName: 'Bob' });
  await write(app, 'updateUser', { uid: 'ada3', firstName: 'Bob' });
  await consumeChanges(app.db, processOf(app));
  await settle(app, { stepSize: 2 });
  expect(await uidsIn(app, segmentId)).toEqual(['ada1', 'ada2']);
});

it('keeps the members, and when they entered, until a changed definition is complete, and beyond', async () => {
  await using app = await startApp();
  await addAdas(app, 2);
  await addUser(app, { uid: 'eve', firstName: 'Eve' });
  const segmentId = await define(app, ADA);
  await settle(app);
  const before = await readMembers(app, segmentId);
  await redefine(app, segmentId, { firstName: { in: ['Ada', 'Eve'] } });
  await advanceBackfill(app.db, processOf(app), { stepSize: 2 });
  expect(await readMembers(app, segmentId)).toEqual(before);
  expect(await progressOf(app, segmentId)).toMatchObject({ status: 'COMPUTING', progress: 66 });
  await settle(app);
  const members = await readMembers(app, segmentId);
  expect(members.slice(0, 2)).toEqual(before);
  expect(members[2]).toMatchObject({ uid: 'eve' });
  expect(Number(members[2]?.enteredAt)).toBeGreaterThan(Number(before[0]?.enteredAt));
  expect(await countRows(app, 'segment_memberships')).toBe(3);
  expect(await countRows(app, 'segment_definitions')).toBe(1);
});

it.each([
  ['in the database', ADA],
  ['in memory', { or: [ADA, { appLastActiveAt: { within: 'P1D' } }] }],
])('leaves unknown when imported members entered, computed %s', async (_, where) => {
  await using app = await startApp();
  const segment = await addSegment(app, 'Imported');
  await addToSegment(app, segment, await addUser(app, { uid: 'ada', firstName: 'Ada' }), true);
  await app.db.$executeRaw`
    INSERT INTO segment_suppressions SELECT workspace_id, segment_id, user_id FROM segment_memberships
    WHERE workspace_id = ${app.workspaceId}::uuid`;
  await addToSegment(app, segment, await addUser(app, { uid: 'eve', firstName: 'Eve' }));
  await redefine(app, segment.id, where);
  await settle(app);
  expect(await readMembers(app, segment.id)).toEqual([{ uid: 'ada', suppressed: true, enteredAt: null }]);
});

it('computes segments again that refer to a changed one, in the order of their references', async () => {
  await using app = await startApp();
  await addAdas(app, 1);
  await addUser(app, { uid: 'eve', firstName: 'Eve' });
  const first = await define(app, ADA);
  const second = await define(app, { segments: { some: { segmentIds: [first] } } });
  const third = await define(app, { segments: { none: { segmentIds: [second] } } });
  const members = () => Promise.all([first, second, third].map((segmentId) => uidsIn(app, segmentId)));
  await settle(app);
  expect(await members()).toEqual([['ada0'], ['ada0'], ['eve']]);
  await redefine(app, first, { firstName: { eq: 'Eve' } });
  await settle(app, { stepSize: 1 });
  expect(await members()).toEqual([['eve'], ['eve'], ['ada0']]);
  expect(await countRows(app, 'segment_definitions')).toBe(3);
});

it('deletes all rows of a deleted segment in steps, and none of another one', async () => {
  await using app = await startApp();
  await addAdas(app, 12);
  const where = { createdAt: { within: 'P1D' } };
  const [segmentId, kept] = [await define(app, where), await define(app, where)];
  await settle(app);
  for (const uid of ['ada1', 'ada2']) {
    for (const each of [segmentId, kept]) {
      await setSegmentSuppression(app.db, actorOf(app), { uid, segmentId: each, suppressed: true });
    }
  }
  await deleteSegment(app.db, actorOf(app), segmentId);
  expect(await uidsIn(app, segmentId)).toEqual([]);
  expect(await countRows(app, 'segment_memberships')).toBe(24);
  const statements = await app.statementsOf(() => settle(app, { stepSize: 5 }));
  expect(statements.filter((text) => text.includes('deleteSegmentMembers')).length).toBeGreaterThan(3);
  expect([
    await countRows(app, 'segment_memberships'),
    await countRows(app, 'segment_due'),
    await countRows(app, 'segment_suppressions'),
    await countRows(app, 'segment_definitions'),
  ]).toEqual([12, 12, 2, 1]);
  expect(await uidsIn(app, kept)).toHaveLength(12);
});

it('writes nothing in a step whose version is outdated', async () => {
  await using app = await startApp();
  await addAdas(app, 1);
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'updateUser', { uid: 'ada0', firstName: 'Bob' });
  // Another process consumes the change, and what was written after it, before the first one writes.
  const delayed = after(app.db, 'readStoredMemberships', async () => {
    await settle(app);
    await write(app, 'updateUser', { uid: 'ada0', firstName: 'Ada' });
    await settle(app);
  });
  expect(await consumeChanges(delayed, processOf(app))).toBeUndefined();
  expect(await uidsIn(app, segmentId)).toEqual(['ada0']);
  expect(await readHistory(app, segmentId)).toEqual(['exit ada0 firstName', 'enter ada0 firstName']);
});

it('writes nothing in a step during which a definition changes', async () => {
  await using app = await startApp();
  await addAdas(app, 1);
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'updateUser', { uid: 'ada0', firstName: 'Bob' });
  const delayed = after(app.db, 'readStoredMemberships', () => redefine(app, segmentId, { firstName: { eq: 'Bob' } }));
  expect(await consumeChanges(delayed, processOf(app))).toBeUndefined();
  expect(await uidsIn(app, segmentId)).toEqual(['ada0']);
  await settle(app);
  expect(await uidsIn(app, segmentId)).toEqual(['ada0']);
  expect(await readMembers(app, segmentId)).toHaveLength(1);
});

it('skips a user who is deleted during a step', async () => {
  await using app = await startApp();
  await addAdas(app, 1);
  await write(app, 'createUser', { uid: 'bob' });
  const segmentId = await define(app, ADA);
  await settle(app);
  await write(app, 'updateUser', { uid: 'bob', firstName: 'Ada' });
  await write(app, 'updateUser', { uid: 'ada0', firstName: 'Bob' });
  const delayed = after(app.db, 'readStoredMemberships', () => write(app, 'deleteUser', { uid: 'bob' }));
  expect(await consumeChanges(delayed, processOf(app))).toMatchObject({ changes: 2 });
  expect(await uidsIn(app, segmentId)).toEqual([]);
  expect(await readHistory(app, segmentId)).toEqual(['exit ada0 firstName']);
});

it('restarts with a greater version after the last segment was deleted', async () => {
  await using app = await startApp();
  const version = async () => {
    const rows = await app.db.$queryRaw<{ version: bigint }[]>`
      SELECT version FROM change_consumers WHERE workspace_id = ${app.workspaceId}::uuid`;
    return rows[0]?.version ?? 0n;
  };
  await addAdas(app, 3);
  const segmentId = await define(app, ADA);
  await settle(app, { stepSize: 1 });
  const before = await version();
  await deleteSegment(app.db, actorOf(app), segmentId);
  await settle(app);
  const segments = processOf(app);
  const current = await segments.read(app.db);
  if (current) await segments.endConsumer(app.db, current.position);
  expect(await version()).toBe(0n);
  await define(app, ADA);
  expect(await version()).toBeGreaterThan(before);
});

it('evaluates the changes of a long transaction in parts', async () => {
  await using app = await startApp();
  const segmentId = await define(app, ADA);
  await settle(app);
  await addAdas(app, 9);
  await app.db.$executeRaw`
    INSERT INTO changes (workspace_id, at, key_id, action, user_id)
    SELECT workspace_id, now(), 'test', 'createUser', id FROM users WHERE workspace_id = ${app.workspaceId}::uuid`;
  const statements = await app.statementsOf(async () => {
    expect(await consumeChanges(app.db, processOf(app), { stepSize: 2 })).toMatchObject({ entered: 9 });
  });
  expect(statements.filter((text) => text.includes('writeSegmentStep'))).toHaveLength(3);
  expect(await uidsIn(app, segmentId)).toHaveLength(9);
  await settle(app);
  expect(await readHistory(app, segmentId)).toHaveLength(9);
});
