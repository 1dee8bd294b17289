import { v7 as uuidv7 } from 'uuid';
import { expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import { startApp } from '../../kit/app.ts';
import { addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import { pageIn, restOf } from '../../kit/rest.ts';

const UsersBy = graphql(`
  query UsersBySegment($where: UserFilter!) {
    users(where: $where) { nodes { uid } totalCount }
  }
`);

const Members = graphql(`
  query MembersByDefinition($id: ID!, $where: UserFilter) {
    segment(id: $id) {
      members { nodes { uid segments { segment { id } } } totalCount }
      matching: members(where: $where) { nodes { uid } totalCount }
    }
  }
`);

it('has the memberships of the current definition only, wherever memberships are read', async () => {
  await using app = await startApp();
  const [active, other] = [await addSegment(app, 'Active'), await addSegment(app, 'Other')];
  const [member, computed] = [await addUser(app, { uid: 'member' }), await addUser(app, { uid: 'computed' })];
  await addToSegment(app, active, member);
  // What a changed filter has found so far, and what a replaced one has left.
  for (const definitionId of [uuidv7(), uuidv7()]) {
    await app.db.segmentMembership.create({
      data: { workspaceId: app.workspaceId, segmentId: active.id, definitionId, userId: computed.id },
    });
  }

  expect((await app.run(Members, { id: active.globalId, where: {} })).segment).toEqual({
    members: { nodes: [{ uid: 'member', segments: [{ segment: { id: active.globalId } }] }], totalCount: 1 },
    matching: { nodes: [{ uid: 'member' }], totalCount: 1 },
  });
  const uidsBy = async (where: object) => (await app.run(UsersBy, { where })).users.nodes.map(({ uid }) => uid);
  const both = [active.globalId, other.globalId];
  for (const some of [{}, { segmentIds: [active.globalId] }, { segmentIds: both }]) {
    expect(await uidsBy({ segments: { some } })).toEqual(['member']);
    expect(await uidsBy({ segments: { none: some } })).toEqual(['computed']);
    expect(await uidsBy({ or: [{ segments: { some } }, { uid: { eq: 'nobody' } }] })).toEqual(['member']);
    expect(await uidsBy({ not: { segments: { some } } })).toEqual(['computed']);
  }

  const rest = restOf(app);
  const segmentsOf = async (uid: string) => (await rest.get(`/v1/users/${uid}`)).body;
  expect(await segmentsOf('member')).toMatchObject({ segments: [{ id: active.id, suppressed: false }] });
  expect(await segmentsOf('computed')).toMatchObject({ segments: [] });
  const found = await rest.post('/v1/users/search', { where: { segments: { some: { segment_ids: [active.id] } } } });
  expect(pageIn(found.body).uids).toEqual(['member']);
});

it('has no memberships of a deleted segment, whose rows are deleted later', async () => {
  await using app = await startApp();
  const segment = await addSegment(app, 'Deleted');
  const user = await addUser(app, { uid: 'u1' });
  await addToSegment(app, segment, user);
  await app.db.segment.deleteMany({ where: { id: segment.id } });

  expect((await app.run(Members, { id: segment.globalId, where: {} })).segment).toBeNull();
  for (const some of [{}, { segmentIds: [segment.globalId] }]) {
    expect((await app.run(UsersBy, { where: { segments: { some } } })).users).toEqual({ nodes: [], totalCount: 0 });
  }
  expect((await restOf(app).get('/v1/users/u1')).body).toMatchObject({ segments: [] });
});
