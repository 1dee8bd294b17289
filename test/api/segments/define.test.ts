import { describe, expect, it } from 'vitest';
import { newId } from '../../../src/domain/shared/ids.ts';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import { CreateSegment, DeleteSegment, ReadSegment, UpdateSegment } from '../../kit/operations/segments.ts';
import { completeSegment, defineSegment } from '../../kit/segments/define.ts';

const unknown = encodeGlobalId('Segment', '0190a000-0000-7000-8000-000000000000');
const pro = { meta: [{ key: 'plan', string: { eq: 'pro' } }] };

type App = Awaited<ReturnType<typeof startApp>>;

/** The definitions that a segment has, without those that were replaced. */
const definitionsOf = ({ db }: App, segmentId: string) =>
  db.segmentDefinition.findMany({ where: { segmentId, replacedAt: null }, orderBy: { id: 'asc' } });

const versionOf = async ({ db, workspaceId }: App) =>
  (await db.changeConsumer.findFirst({ where: { workspaceId, name: 'segments' } }))?.version;

const actionsOf = async ({ db }: App) =>
  (await db.change.findMany({ orderBy: { seq: 'asc' } })).map(({ action, changed }) => [action, changed]);

const update = async (app: App, input: { segmentId: string } & Record<string, unknown>) =>
  (await app.run(UpdateSegment, { input })).updateSegment;

describe('createSegment', () => {
  it('creates a segment without members, with a pending computation', async () => {
    await using app = await startApp();
    await addUser(app, { meta: { plan: 'pro' } });
    const before = Date.now();
    const input = { name: ' Paying ', description: 'Who pays', where: pro };
    const { createSegment } = await app.run(CreateSegment, { input });
    expect(createSegment).toMatchObject({
      segment: {
        name: 'Paying',
        description: 'Who pays',
        where: pro,
        summary: 'plan is "pro"',
        status: 'COMPUTING',
        progress: 0,
        computedAt: null,
        memberCount: 0,
        memberCountIsCapped: false,
      },
    });
    if (!('segment' in createSegment)) throw new Error('The segment was not created.');
    expect(Date.parse(createSegment.segment.createdAt)).toBeGreaterThanOrEqual(before);
    expect(createSegment.segmentEdge.node.id).toBe(createSegment.segment.id);
    expect(await versionOf(app)).toEqual(expect.any(BigInt));
    expect(await actionsOf(app)).toEqual([['createSegment', []]]);
  });

  it.each([
    ['an empty name', { name: ' ', where: {} }, ['name'], 'TOO_SHORT'],
    ['a name of 65 characters', { name: 'x'.repeat(65), where: {} }, ['name'], 'TOO_LONG'],
    ['a long description', { name: 'a', description: 'x'.repeat(256), where: {} }, ['description'], 'TOO_LONG'],
    [
      'an invalid filter',
      { name: 'a', where: { createdAt: { within: 'P1M' } } },
      ['where', 'createdAt', 'within'],
      'INVALID_DURATION',
    ],
    [
      'null in a filter',
      { name: 'a', where: { and: [{ email: null }] } },
      ['where', 'and', '0', 'email'],
      'NOT_NULLABLE',
    ],
    [
      'all segments',
      { name: 'a', where: { segments: { some: {} } } },
      ['where', 'segments', 'some', 'segmentIds'],
      'REQUIRED',
    ],
  ])('rejects %s', async (_what, input, path, code) => {
    await using app = await startApp();
    expect(await app.run(CreateSegment, { input })).toMatchObject({ createSegment: { issues: [{ path, code }] } });
    expect(await app.db.segment.count()).toBe(0);
    expect(await versionOf(app)).toBeUndefined();
  });

  it('rejects every list and segment that the workspace does not have, by its path', async () => {
    await using app = await startApp();
    const list = await addList({ ...app.stranger, db: app.db });
    const segment = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    const own = await addList(app);
    const where = {
      lists: { some: { listIds: [own.globalId, list.globalId] }, none: { listIds: [list.globalId] } },
      or: [{ not: { segments: { some: { segmentIds: [segment.globalId, unknown] } } } }],
    };
    const { createSegment } = await app.run(CreateSegment, { input: { name: 'a', where } });
    expect('issues' in createSegment && createSegment.issues).toEqual([
      { path: ['where', 'lists', 'some', 'listIds', '1'], code: 'NOT_FOUND' },
      { path: ['where', 'lists', 'none', 'listIds', '0'], code: 'NOT_FOUND' },
      { path: ['where', 'or', '0', 'not', 'segments', 'some', 'segmentIds', '0'], code: 'NOT_FOUND' },
      { path: ['where', 'or', '0', 'not', 'segments', 'some', 'segmentIds', '1'], code: 'NOT_FOUND' },
    ]);
  });

  it('applies the limits of filters', async () => {
    await using app = await startApp();
    const where = { uid: { in: Array.from({ length: 1_001 }, (_, index) => `u${index}`) } };
    const { errors } = await app.send(CreateSegment, { input: { name: 'a', where } });
    expect(errors?.[0]).toMatchObject({ extensions: { code: 'LIMIT_EXCEEDED' } });
    expect(errors?.[0]?.message).toContain('values');
  });

  it('creates at most 500 segments, also concurrently', { timeout: 60_000 }, async () => {
    await using app = await startApp();
    const data = Array.from({ length: 498 }, (_, index) => {
      const id = newId();
      return { workspaceId: app.workspaceId, id, definitionId: id, name: `Segment ${index}`, createdAt: new Date() };
    });
    await app.db.segment.createMany({ data });
    const results = await Promise.all(
      Array.from({ length: 6 }, () => app.run(CreateSegment, { input: { name: 'a', where: {} } })),
    );
    const rejected = results.filter(({ createSegment }) => createSegment.__typename === 'TooManySegmentsError');
    expect(rejected).toHaveLength(4);
    expect(rejected[0]?.createSegment).toMatchObject({ code: 'LIMIT_EXCEEDED', limit: 500 });
    expect(await app.db.segment.count()).toBe(500);
  });

  it.each([
    ['segments:write', ['users:read', 'segments:read']],
    ['users:read', ['segments:write', 'segments:read']],
    ['events:read', ['segments:write', 'users:read', 'segments:read']],
  ] as const)('requires %s', async (scope, granted) => {
    await using app = await startApp();
    const caller = await app.withScopes(...granted);
    const where = { events: [{ name: { eq: 'Paid' } }] };
    const { errors } = await app.send(CreateSegment, { input: { name: 'a', where } }, caller);
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
    expect(JSON.stringify(errors)).toContain(scope);
    expect(await app.db.segment.count()).toBe(0);
  });
});

describe('updateSegment', () => {
  it('changes the name and the description, and keeps the members', async () => {
    await using app = await startApp();
    const { id, globalId: segmentId } = await defineSegment(app, 'Paying', pro);
    const user = await addUser(app);
    await completeSegment(app, id, [user.id]);
    const before = await versionOf(app);
    expect(await update(app, { segmentId, name: 'Customers', description: 'Who pay' })).toMatchObject({
      segment: { name: 'Customers', description: 'Who pay', status: 'READY', where: pro, memberCount: 1 },
    });
    expect(await update(app, { segmentId, description: null })).toMatchObject({
      segment: { name: 'Customers', description: null },
    });
    expect(await update(app, { segmentId })).toMatchObject({ segment: { name: 'Customers', description: null } });
    expect(await actionsOf(app)).toEqual([
      ['createSegment', []],
      ['updateSegment', ['name', 'description']],
      ['updateSegment', ['description']],
    ]);
    expect(await versionOf(app)).toBe(before);
  });

  it('computes a changed filter beside the members of the current one', async () => {
    await using app = await startApp();
    const { id, globalId: segmentId } = await defineSegment(app, 'Paying', pro);
    const user = await addUser(app);
    await completeSegment(app, id, [user.id]);
    const changed = { email: { isNull: true } };
    const updated = await update(app, { segmentId, where: changed });
    expect(updated).toMatchObject({ segment: { where: changed, status: 'COMPUTING', progress: 0, memberCount: 1 } });
    expect('segment' in updated && updated.segment.computedAt).toEqual(expect.any(String));
    const [first, second] = await definitionsOf(app, id);
    await app.db.segmentDefinition.updateMany({
      where: { id: second?.id ?? '' },
      data: { usersRead: 5, usersTotal: 8 },
    });
    expect((await app.run(ReadSegment, { id: segmentId })).segment).toMatchObject({ progress: 62 });
    await completeSegment(app, id);
    expect((await app.run(ReadSegment, { id: segmentId })).segment).toMatchObject({
      where: changed,
      status: 'READY',
      progress: null,
      memberCount: 0,
    });
    expect((await definitionsOf(app, id)).map((definition) => definition.id)).toEqual([second?.id]);
    expect(first?.id).not.toBe(second?.id);
    expect((await actionsOf(app)).at(-1)).toEqual(['updateSegment', ['where']]);
  });

  it('adds no definition for the same filter in another spelling', async () => {
    await using app = await startApp();
    const where = { createdAt: { gte: '2026-01-01T01:00:00+01:00', isNull: false }, and: [pro] };
    const { id, globalId: segmentId } = await defineSegment(app, 'Paying', where);
    const same = { and: [pro], createdAt: { isNull: false, gte: '2026-01-01T00:00:00.000Z' } };
    await update(app, { segmentId, where: same });
    await completeSegment(app, id);
    expect(await update(app, { segmentId, where: same })).toMatchObject({ segment: { status: 'READY' } });
    expect(await definitionsOf(app, id)).toHaveLength(1);
    expect((await actionsOf(app)).map(([action]) => action)).toEqual(['createSegment']);
  });

  it('replaces a filter that is being computed, even by the previous one', async () => {
    await using app = await startApp();
    const { id, globalId: segmentId } = await defineSegment(app, 'Paying', pro);
    await completeSegment(app, id);
    await update(app, { segmentId, where: { email: { isNull: true } } });
    expect(await update(app, { segmentId, where: { number: { isNull: true } } })).toMatchObject({
      segment: { where: { number: { isNull: true } }, status: 'COMPUTING' },
    });
    expect(await definitionsOf(app, id)).toHaveLength(2);
    // The members of the current definition can be outdated, as after a change of a segment to which it refers.
    expect(await update(app, { segmentId, where: pro })).toMatchObject({
      segment: { where: pro, status: 'COMPUTING' },
    });
    expect(await definitionsOf(app, id)).toHaveLength(2);
    expect(await app.db.segmentDefinition.count({ where: { NOT: { replacedAt: null } } })).toBe(2);
  });

  it('sets a filter on a segment whose members were imported', async () => {
    await using app = await startApp();
    const imported = await addSegment(app, 'Imported');
    await addToSegment(app, imported, await addUser(app));
    expect((await app.run(ReadSegment, { id: imported.globalId })).segment).toMatchObject({
      status: 'STATIC',
      where: null,
      summary: null,
      progress: null,
      computedAt: null,
      memberCount: 1,
    });
    expect(await update(app, { segmentId: imported.globalId, where: pro })).toMatchObject({
      segment: { status: 'COMPUTING', where: pro, computedAt: null, memberCount: 1 },
    });
    expect(await versionOf(app)).toEqual(expect.any(BigInt));
  });

  it('rejects a segment that would depend on itself', async () => {
    await using app = await startApp();
    const refer = (id: string) => ({ segments: { none: { segmentIds: [id] } } });
    const a = await defineSegment(app, 'A', pro);
    const b = await defineSegment(app, 'B', { and: [refer(a.globalId)] });
    const c = await defineSegment(app, 'C', { not: refer(b.globalId) });
    expect(await update(app, { segmentId: a.globalId, where: refer(a.globalId) })).toMatchObject({
      code: 'SEGMENT_CYCLE',
      segments: ['A', 'A'],
    });
    const cycle = await update(app, { segmentId: a.globalId, where: { or: [refer(c.globalId)] } });
    expect(cycle).toMatchObject({ code: 'SEGMENT_CYCLE', segments: ['A', 'C', 'B', 'A'] });
    expect('message' in cycle && cycle.message).toContain('"A" refers to "C" refers to "B" refers to "A"');
    // A filter that is being computed counts, and so does the current one until then.
    await completeSegment(app, b.id);
    await update(app, { segmentId: b.globalId, where: pro });
    expect(await update(app, { segmentId: a.globalId, where: refer(b.globalId) })).toMatchObject({
      code: 'SEGMENT_CYCLE',
    });
    await completeSegment(app, b.id);
    expect(await update(app, { segmentId: a.globalId, where: refer(c.globalId) })).toMatchObject({
      segment: { name: 'A' },
    });
    expect(await update(app, { segmentId: b.globalId, where: refer(a.globalId) })).toMatchObject({
      code: 'SEGMENT_CYCLE',
    });
  });

  it('prevents concurrent changes from creating a cycle', async () => {
    await using app = await startApp();
    for (let round = 0; round < 5; round += 1) {
      const [a, b] = [await defineSegment(app, 'A'), await defineSegment(app, 'B')];
      const refer = (from: string, to: string) =>
        update(app, { segmentId: from, where: { segments: { some: { segmentIds: [to] } } } });
      const results = await Promise.all([refer(a.globalId, b.globalId), refer(b.globalId, a.globalId)]);
      expect(results.map(({ __typename }) => __typename).sort()).toEqual(['SegmentCycleError', 'UpdateSegmentPayload']);
    }
  });

  it('rejects unknown segments and null', async () => {
    await using app = await startApp();
    const foreign = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    for (const segmentId of [unknown, foreign.globalId]) {
      expect(await update(app, { segmentId, name: 'Mine' })).toMatchObject({ resource: 'Segment' });
      expect(await update(app, { segmentId, where: pro })).toMatchObject({ resource: 'Segment' });
    }
    expect(await update(app, { segmentId: unknown, name: null, where: null })).toMatchObject({
      issues: [
        { path: ['name'], code: 'NOT_NULLABLE' },
        { path: ['where'], code: 'NOT_NULLABLE' },
      ],
    });
    expect(await versionOf(app)).toBeUndefined();
  });
});

describe('deleteSegment', () => {
  const remove = async (app: App, segmentId: string) =>
    (await app.run(DeleteSegment, { input: { segmentId } })).deleteSegment;

  it('deletes the segment immediately, and its rows in the background', async () => {
    await using app = await startApp();
    const user = await addUser(app);
    const { id, globalId } = await defineSegment(app, 'Paying', pro);
    await completeSegment(app, id, [user.id]);
    await update(app, { segmentId: globalId, where: {} });
    const before = await versionOf(app);
    expect(await remove(app, globalId)).toMatchObject({ segmentId: globalId });
    expect((await app.run(ReadSegment, { id: globalId })).segment).toBeNull();
    expect(await app.db.segmentDefinition.count({ where: { replacedAt: null } })).toBe(0);
    expect(await versionOf(app)).toBeGreaterThan(before ?? 0n);
    expect((await actionsOf(app)).at(-1)).toEqual(['deleteSegment', []]);
    expect(await remove(app, globalId)).toMatchObject({ resource: 'Segment' });
  });

  it('deletes a segment whose members were imported', async () => {
    await using app = await startApp();
    const { id, globalId } = await addSegment(app, 'Imported');
    await remove(app, globalId);
    const definitions = await app.db.segmentDefinition.findMany({ where: { segmentId: id } });
    expect(definitions).toMatchObject([{ id, filter: {}, replacedAt: expect.any(Date) }]);
  });

  it('rejects a segment that filters of others refer to', async () => {
    await using app = await startApp();
    const paying = await defineSegment(app, 'Paying', pro);
    const where = { segments: { some: { segmentIds: [paying.globalId] } } };
    const other = await defineSegment(app, 'Active payers', where);
    await defineSegment(app, 'Others', { not: where });
    const rejected = await remove(app, paying.globalId);
    expect(rejected).toMatchObject({ code: 'SEGMENT_IN_USE', segments: ['Active payers', 'Others'] });
    expect('message' in rejected && rejected.message).toContain('"Active payers", "Others"');
    expect(await remove(app, other.globalId)).toMatchObject({ segmentId: other.globalId });
  });

  it('does not delete a segment of another workspace', async () => {
    await using app = await startApp();
    const foreign = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    for (const segmentId of [foreign.globalId, unknown]) {
      expect(await remove(app, segmentId)).toMatchObject({ resource: 'Segment' });
    }
    expect(await app.db.segment.count()).toBe(1);
  });
});
