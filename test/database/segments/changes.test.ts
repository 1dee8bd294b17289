import { expect, it } from 'vitest';
import { setSegmentSuppression } from '../../../src/domain/segments/suppress.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { readMatchingUsers } from '../../../src/domain/users/query.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { addList } from '../../kit/factories.ts';
import { define, readHistory, readMembers, settle, uidsIn, write } from '../../kit/segments/workspace.ts';

type App = Awaited<ReturnType<typeof startApp>>;

/** Starts an app with the users ada and bob, and a segment of none or both of them. */
async function startWith(where: UserFilter): Promise<App & { segmentId: string }> {
  const app = await startApp();
  for (const uid of ['ada', 'bob']) await write(app, 'createUser', { uid });
  const segmentId = await define(app, where);
  await settle(app);
  return { ...app, segmentId };
}

const paid = (condition: object): UserFilter => ({ events: [{ name: { eq: 'Paid' }, ...condition }] });

it('follows a field', async () => {
  await using app = await startWith({ firstName: { eq: 'Ada' } });
  await write(app, 'updateUser', { uid: 'ada', firstName: 'ADA', lastName: 'Lovelace' });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await write(app, 'updateUser', { uid: 'ada', firstName: null });
  await settle(app);
  expect(await readHistory(app, app.segmentId)).toEqual(['enter ada firstName', 'exit ada firstName']);
});

it.each([
  ['ασ', 'ΑΣ'],
  ['ΑΣ', 'ας'],
  ['i', 'İ'],
])('follows events whose name differs in case as the filter compares names: %s, %s', async (inFilter, name) => {
  await using app = await startWith({ events: [{ name: { eq: inFilter } }] });
  await write(app, 'addEvent', { uid: 'ada', name });
  await settle(app);
  const found = await readMatchingUsers(
    app.db,
    app.workspaceId,
    { where: { events: [{ name: { eq: inFilter } }] } },
    {
      size: 10,
      from: 'start',
    },
  );
  expect(await uidsIn(app, app.segmentId)).toEqual(found.rows.map(({ uid }) => uid));
});

it('follows an attribute that is set, removed, and cleared with all others', async () => {
  await using app = await startWith({ meta: [{ key: 'plan', string: { eq: 'pro' } }] });
  const changes = [
    { meta: { plan: 'pro' } },
    { removeMeta: ['plan'] },
    { meta: { plan: 'pro', a: 1 } },
    { meta: null },
  ];
  for (const change of changes) {
    await write(app, 'updateUser', { uid: 'bob', ...change });
    await settle(app);
  }
  expect(await readHistory(app, app.segmentId)).toEqual([
    'enter bob meta.plan',
    'exit bob meta.plan',
    'enter bob meta.plan',
    'exit bob meta.plan',
  ]);
});

it('ignores a write to what a segment does not depend on', async () => {
  await using app = await startWith({ meta: [{ key: 'plan', string: { eq: 'pro' } }] });
  // A membership that is wrong on purpose: an evaluation would mend it.
  await app.db.$executeRaw`
    INSERT INTO segment_memberships (workspace_id, segment_id, definition_id, user_id)
    SELECT segments.workspace_id, segments.id, definition_id, users.id FROM segments JOIN users USING (workspace_id)
    WHERE segments.id = ${app.segmentId}::uuid AND users.uid = 'ada'`;
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada', meta: { Plan: 'pro' } });
  await write(app, 'addEvent', { uid: 'ada', name: 'plan' });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await write(app, 'updateUser', { uid: 'ada', meta: { plan: 'free' } });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual([]);
});

it('follows events, whatever the case of their names, and the clock', async () => {
  await using app = await startWith(paid({ count: { gte: 2 }, within: 'PT1H' }));
  const now = Date.now();
  const at = (minutes: number) => new Date(now + minutes * 60_000);
  const settleAt = (minutes: number) => settle(app, { now: at(minutes) });
  await write(app, 'addEvent', { uid: 'ada', name: 'PAID', timestamp: at(-30).toISOString() });
  await settleAt(0);
  // A late event.
  await write(app, 'addEvent', { uid: 'ada', name: 'Paid', timestamp: at(-59).toISOString() });
  await settleAt(0);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await settleAt(0.99);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await settleAt(1);
  expect(await uidsIn(app, app.segmentId)).toEqual([]);
  // A future event, which counts from its time on.
  await write(app, 'addEvent', { uid: 'ada', name: 'paid', timestamp: at(10).toISOString() });
  await settleAt(5);
  expect(await uidsIn(app, app.segmentId)).toEqual([]);
  await settleAt(10);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await settleAt(29.99);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await settleAt(30);
  expect(await readHistory(app, app.segmentId)).toEqual([
    'enter ada event.Paid',
    'exit ada time',
    'enter ada time',
    'exit ada time',
  ]);
});

it('follows an instant that grows older', async () => {
  await using app = await startWith({ appLastActiveAt: { within: 'P1D' } });
  const now = Date.now();
  await write(app, 'updateUser', { uid: 'ada', appLastActiveAt: new Date(now).toISOString() });
  await settle(app);
  await settle(app, { now: new Date(now + 86_399_999) });
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  await settle(app, { now: new Date(now + 86_400_000) });
  expect(await readHistory(app, app.segmentId)).toEqual(['enter ada appLastActiveAt', 'exit ada time']);
});

it('follows a device that moves from one user to another, and one that is removed', async () => {
  await using app = await startWith({ devices: { some: { platform: 'ios' } } });
  const device = { token: `token-${app.workspaceId}`, platform: 'IOS' };
  await write(app, 'updateUser', { uid: 'ada', device });
  await settle(app);
  await write(app, 'updateUser', { uid: 'bob', device });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual(['bob']);
  await write(app, 'removeDevice', { uid: 'bob', token: device.token });
  await settle(app);
  const history = await readHistory(app, app.segmentId);
  expect(history.toSorted()).toEqual(
    ['enter ada devices', 'enter bob devices', 'exit ada devices', 'exit bob devices'].toSorted(),
  );
});

it('follows the memberships in a list', async () => {
  await using app = await startApp();
  const list = await addList(app);
  for (const uid of ['ada', 'bob']) await write(app, 'createUser', { uid });
  const segmentId = await define(app, { lists: { some: { listIds: [list.id], subscribed: true } } });
  await settle(app);
  const input = { uid: 'ada', listId: list.globalId };
  for (const subscribed of [true, false, true]) {
    await write(app, 'setListSubscription', { ...input, subscribed });
    await settle(app);
  }
  await write(app, 'removeFromList', input);
  await settle(app);
  const cause = `list.${list.id}`;
  expect(await readHistory(app, segmentId)).toEqual(
    ['enter', 'exit', 'enter', 'exit'].map((change) => `${change} ada ${cause}`),
  );
});

it('follows other segments, and suppressions in them', async () => {
  await using app = await startWith({ firstName: { eq: 'Ada' } });
  const { segmentId } = app;
  const active = await define(app, { segments: { some: { segmentIds: [segmentId], suppressed: false } } });
  const none = await define(app, { segments: { none: { segmentIds: [active] } } });
  await settle(app);
  expect(await uidsIn(app, none)).toEqual(['ada', 'bob']);
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada' });
  await settle(app);
  expect([await uidsIn(app, active), await uidsIn(app, none)]).toEqual([['ada'], ['bob']]);
  await setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
  await settle(app);
  expect([await uidsIn(app, active), await uidsIn(app, none)]).toEqual([[], ['ada', 'bob']]);
  expect(await readHistory(app, active)).toEqual([`enter ada segment.${segmentId}`, `exit ada segment.${segmentId}`]);
});

it('keeps a suppression when the member leaves and comes back, and one that was set before', async () => {
  await using app = await startWith({ firstName: { eq: 'Ada' } });
  const { segmentId } = app;
  const rename = async (uid: string, firstName: string | null) => {
    await write(app, 'updateUser', { uid, firstName });
    await settle(app);
  };
  await setSegmentSuppression(app.db, actorOf(app), { uid: 'bob', segmentId, suppressed: true });
  await rename('ada', 'Ada');
  await setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: true });
  expect(await readMembers(app, segmentId)).toMatchObject([{ uid: 'ada', suppressed: true }]);
  await rename('ada', null);
  await rename('ada', 'Ada');
  await rename('bob', 'Ada');
  expect(await readMembers(app, segmentId)).toMatchObject([
    { uid: 'ada', suppressed: true },
    { uid: 'bob', suppressed: true },
  ]);
  await setSegmentSuppression(app.db, actorOf(app), { uid: 'ada', segmentId, suppressed: false });
  expect(await readMembers(app, segmentId)).toMatchObject([{ suppressed: false }, { suppressed: true }]);
});

it('ends the memberships of a deleted user without exits, and adds a user who is created again', async () => {
  await using app = await startWith({ firstName: { isNull: true } });
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada', 'bob']);
  await write(app, 'deleteUser', { uid: 'ada' });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual(['bob']);
  const exits = await app.db.$queryRaw`
    SELECT FROM changes WHERE segment_id = ${app.segmentId}::uuid AND action = 'exitSegment'`;
  expect(exits).toEqual([]);
  await write(app, 'createUser', { uid: 'ada' });
  await settle(app);
  expect(await readHistory(app, app.segmentId)).toEqual(['enter ada createUser']);
});

it('leaves a workspace with the same data untouched', async () => {
  await using app = await startWith({ firstName: { eq: 'Ada' } });
  const stranger = { db: app.db, workspaceId: app.stranger.workspaceId };
  const created = 'mutation { createUser(input: { uid: "ada", firstName: "Ada" }) { __typename } }';
  await app.send(created, {}, app.stranger.owner);
  const foreign = await define(stranger, { firstName: { eq: 'Ada' } });
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada' });
  await settle(app);
  expect(await uidsIn(app, app.segmentId)).toEqual(['ada']);
  expect(await uidsIn(stranger, foreign)).toEqual([]);
  const rows = await app.db.$queryRaw`
    SELECT FROM segment_memberships WHERE workspace_id = ${stranger.workspaceId}::uuid`;
  expect(rows).toEqual([]);
  await settle(stranger);
  expect(await uidsIn(stranger, foreign)).toEqual(['ada']);
});
