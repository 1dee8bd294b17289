import { expect, it } from 'vitest';
import { deriveSuppressions } from '../../../src/domain/segments/suppress.ts';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import { SetSegmentSuppression } from '../../kit/operations/segments.ts';
import { completeSegment, defineSegment } from '../../kit/segments/define.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const set = async (app: App, uid: string, segmentId: string, suppressed: boolean) =>
  (await app.run(SetSegmentSuppression, { input: { uid, segmentId, suppressed } })).setSegmentSuppression;

const actionsOf = async ({ db }: App) => (await db.change.findMany()).map(({ action }) => action);

it('suppresses a member, who remains a member, and ends the suppression', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u1' });
  const other = await addUser(app, { uid: 'u2' });
  const { id, globalId } = await defineSegment(app, 'Active');
  await completeSegment(app, id, [user.id, other.id]);
  for (const suppressed of [true, false]) {
    expect(await set(app, 'u1', globalId, suppressed)).toMatchObject({
      suppressed,
      segment: { id: globalId, name: 'Active' },
      user: { uid: 'u1' },
      membership: { suppressed, enteredAt: expect.any(String), segment: { id: globalId } },
    });
    expect(await app.db.segmentSuppression.count()).toBe(suppressed ? 1 : 0);
    expect(await app.db.segmentMembership.count({ where: { suppressed: true } })).toBe(suppressed ? 1 : 0);
  }
  const changes = await app.db.change.findMany({ where: { action: 'setSegmentSuppression' } });
  expect(changes).toMatchObject([
    { userId: user.id, segmentId: id },
    { userId: user.id, segmentId: id },
  ]);
});

it('records nothing if nothing changes', async () => {
  await using app = await startApp();
  await addUser(app, { uid: 'u1' });
  const { globalId } = await addSegment(app, 'Active');
  await set(app, 'u1', globalId, false);
  expect(await actionsOf(app)).toEqual([]);
  await set(app, 'u1', globalId, true);
  await set(app, 'u1', globalId, true);
  expect(await actionsOf(app)).toEqual(['setSegmentSuppression']);
});

it('suppresses a user who is not a member', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u1' });
  const { id, globalId } = await addSegment(app, 'Active');
  expect(await set(app, 'u1', globalId, true)).toMatchObject({ suppressed: true, membership: null });
  expect(await app.db.segmentSuppression.findMany()).toMatchObject([{ userId: user.id, segmentId: id }]);
});

it('applies to members of a filter that is being computed', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u1' });
  const { id, globalId } = await defineSegment(app, 'Active');
  const [definition] = await app.db.segmentDefinition.findMany({ where: { segmentId: id } });
  await app.db.segmentMembership.create({
    data: { workspaceId: app.workspaceId, segmentId: id, definitionId: String(definition?.id), userId: user.id },
  });
  await set(app, 'u1', globalId, true);
  expect(await app.db.segmentMembership.findMany()).toMatchObject([{ suppressed: true }]);
});

it('keeps the suppression and the memberships consistent after concurrent calls', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u1' });
  const segment = await addSegment(app, 'Active');
  await addToSegment(app, segment, user);
  for (let round = 0; round < 10; round += 1) {
    await Promise.all([true, false, true, false].map((suppressed) => set(app, 'u1', segment.globalId, suppressed)));
    const [membership] = await app.db.segmentMembership.findMany();
    expect(membership?.suppressed).toBe((await app.db.segmentSuppression.count()) === 1);
  }
});

it('applies to a membership that is inserted concurrently', async () => {
  await using app = await startApp();
  const { workspaceId } = app;
  const [first, second] = [await addUser(app, { uid: 'u1' }), await addUser(app, { uid: 'u2' })];
  const segment = await addSegment(app, 'Active');
  await set(app, 'u1', segment.globalId, true);
  const [change] = await app.db.change.findMany();
  // Written by a statement that has begun before the suppression, and was committed after it.
  await addToSegment(app, segment, first, false);
  await addToSegment(app, segment, second, true);
  const changeOf = (userId: string) => ({ ...change, action: 'setSegmentSuppression', userId, segmentId: segment.id });
  const changes = [changeOf(first.id), changeOf(second.id), changeOf(first.id), { ...change, action: 'updateUser' }];
  await deriveSuppressions(app.db, workspaceId, changes as never);
  expect(await app.db.segmentMembership.findMany({ orderBy: { userId: 'asc' } })).toMatchObject([
    { userId: first.id, suppressed: true },
    { userId: second.id, suppressed: false },
  ]);
});

it('rejects unknown users and segments, and those of another workspace', async () => {
  await using app = await startApp();
  const strangers = { ...app.stranger, db: app.db };
  await addUser(app, { uid: 'u1' });
  await addUser(strangers, { uid: 'theirs' });
  const own = await addSegment(app, 'Active');
  const foreign = await addSegment(strangers, 'Foreign');
  const unknown = encodeGlobalId('Segment', '0190a000-0000-7000-8000-000000000000');
  expect(await set(app, 'theirs', own.globalId, true)).toMatchObject({ resource: 'User' });
  expect(await set(app, 'nobody', own.globalId, true)).toMatchObject({ resource: 'User' });
  for (const segmentId of [foreign.globalId, unknown]) {
    expect(await set(app, 'u1', segmentId, true)).toMatchObject({ resource: 'Segment' });
  }
  expect(await set(app, '', 'no id', true)).toMatchObject({
    issues: [{ path: ['uid'] }, { path: ['segmentId'], code: 'INVALID_ID' }],
  });
  expect(await app.db.segmentSuppression.count()).toBe(0);
});
