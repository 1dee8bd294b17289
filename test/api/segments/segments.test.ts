import { expect, it } from 'vitest';
import { schema } from '../../../src/graphql/schema/index.ts';
import { startApp } from '../../kit/app.ts';
import { addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import { ReadSegments } from '../../kit/operations/segments.ts';
import { ReadUser } from '../../kit/operations/users.ts';

it('returns the segments of a user, newest segment first, and whether the user is suppressed', async () => {
  await using app = await startApp();
  const user = await addUser(app, { uid: 'u144' });
  const active = await addSegment(app, 'Active');
  const paying = await addSegment(app, 'Paying');
  await addSegment(app, 'Without them');
  await addToSegment(app, active, user, true);
  await addToSegment(app, paying, user);
  expect((await app.run(ReadUser, { uid: 'u144' })).user?.segments).toEqual([
    { suppressed: false, segment: { id: paying.globalId, name: 'Paying' } },
    { suppressed: true, segment: { id: active.globalId, name: 'Active' } },
  ]);
});

it('includes suppressed members', async () => {
  await using app = await startApp();
  const segment = await addSegment(app, 'Active');
  await addToSegment(app, segment, await addUser(app, { uid: 'first' }), true);
  await addToSegment(app, segment, await addUser(app, { uid: 'second' }));
  const { segments } = await app.run(ReadSegments);
  expect(segments.nodes).toMatchObject([
    { name: 'Active', members: { nodes: [{ uid: 'second' }, { uid: 'first' }], totalCount: 2 } },
  ]);
  expect(segments.nodes[0]?.members.nodes[1]?.segments).toMatchObject([{ suppressed: true }]);
});

it('returns all segments, newest first, including empty ones', async () => {
  await using app = await startApp();
  for (const name of ['first', 'second']) await addSegment(app, name);
  expect((await app.run(ReadSegments)).segments.nodes).toMatchObject([
    { name: 'second', members: { nodes: [], totalCount: 0 } },
    { name: 'first', members: { nodes: [], totalCount: 0 } },
  ]);
});

it('returns no segments of another workspace', async () => {
  await using app = await startApp();
  await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
  expect((await app.run(ReadSegments)).segments.nodes).toEqual([]);
});

it('has no mutation that adds or removes a member', () => {
  const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
  expect(mutations.filter((name) => /segment/i.test(name)).sort()).toEqual([
    'createSegment',
    'deleteSegment',
    'setSegmentSuppression',
    'updateSegment',
  ]);
});
