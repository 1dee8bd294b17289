import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSegment } from '../../../src/domain/segments/define.ts';
import { referencesOf } from '../../../src/domain/segments/references.ts';
import { parseStoredFilter, type StoredFilter } from '../../../src/domain/segments/stored-filter.ts';
import { nameOfKey } from '../../../src/domain/shared/actor.ts';
import { userFilter } from '../../../src/domain/users/filter/input.ts';
import { encodeGlobalId } from '../../../src/graphql/schema/global-id.ts';
import type { UserFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { choicesOf } from '../../kit/choices.ts';
import { addList, addUser } from '../../kit/factories.ts';
import { filterGenerator } from '../../kit/filters/generate-filter.ts';
import { usePeople } from '../../kit/filters/people.ts';
import { CreateSegment, PreviewSegment, ReadSegment, UpdateSegment } from '../../kit/operations/segments.ts';
import { defineSegment } from '../../kit/segments/define.ts';
import { casesOf } from '../../kit/test-size.ts';

const schema = userFilter({ list: z.uuid(), segment: z.uuid() });

describe('Segment.where', () => {
  const site = usePeople({ seed: 3, count: 5, hasAllIndexes: false });

  it('is accepted as input, and returned unchanged', { timeout: 120_000 }, async () => {
    const { app } = site;
    const actor = { workspaceId: app.workspaceId, actorName: nameOfKey('k'), scopes: new Set<never>() };
    let compared = 0;
    for (let seed = 1; seed <= casesOf(300); seed += 1) {
      const where = schema.parse(filterGenerator(choicesOf(seed))(3));
      // Segments cannot refer to all segments.
      if (referencesOf(where).some(({ id }) => id === undefined)) continue;
      // Clients cannot send integers beyond 2^53.
      if (JSON.stringify(where).includes('e+300')) continue;
      const { id } = await createSegment(app.db, actor, { name: `Filter ${seed}`, where });
      const globalId = encodeGlobalId('Segment', id);
      const [definition] = await app.db.segmentDefinition.findMany({ where: { segmentId: id } });
      expect(parseStoredFilter(definition?.filter as StoredFilter)).toEqual(withoutUnset(where));
      const read = (await app.run(ReadSegment, { id: globalId })).segment;
      const input = { segmentId: globalId, where: read?.where as UserFilter };
      const { updateSegment } = await app.run(UpdateSegment, { input });
      expect(updateSegment).toMatchObject({ segment: { where: read?.where } });
      expect(await app.db.segmentDefinition.count({ where: { segmentId: id } })).toBe(1);
      await app.db.segment.deleteMany({ where: { id } });
      compared += 1;
    }
    expect(compared).toBeGreaterThan(casesOf(300) / 4);
  });
});

/** A filter without the parts that are not set. */
function withoutUnset(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutUnset);
  if (typeof value !== 'object' || value === null || value instanceof Date) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, part]) => (part == null ? [] : [[name, withoutUnset(part)]])),
  );
}

it('returns the filter in canonical form, with global ids', async () => {
  await using app = await startApp();
  const list = await addList(app, { title: 'News' });
  const where: UserFilter = {
    lists: { some: { listIds: [list.globalId], joinedAt: { gt: '2026-01-01T02:00:00+02:00' } } },
    devices: { none: { platform: 'IOS' } },
    createdAt: { within: 'P30D' },
  };
  const { globalId } = await defineSegment(app, 'Recent', where);
  const { segment } = await app.run(ReadSegment, { id: globalId });
  expect(JSON.stringify(segment?.where)).toBe(
    JSON.stringify({
      createdAt: { within: 'P30D' },
      devices: { none: { platform: 'IOS' } },
      lists: { some: { joinedAt: { gt: '2026-01-01T00:00:00.000Z' }, listIds: [list.globalId] } },
    }),
  );
});

it('is accepted as a variable only by inputs', async () => {
  await using app = await startApp();
  const { errors } = await app.send('query ($where: UserFilterJSON) { __typename }', { where: {} });
  expect(errors?.length).toBeGreaterThan(0);
});

it('summarizes the filter with the names of lists and segments', async () => {
  await using app = await startApp();
  const list = await addList(app, { title: 'News' });
  const paying = await defineSegment(app, 'Paying', { meta: [{ key: 'plan', string: { eq: 'pro' } }] });
  const where = {
    uid: { eq: list.id },
    lists: { some: { listIds: [list.globalId], subscribed: true } },
    not: { segments: { some: { segmentIds: [paying.globalId] } } },
  };
  const { globalId: id } = await defineSegment(app, 'Readers', where);
  const summary = `is not in segment "Paying" and uid is "${list.id}" and is subscribed to list "News"`;
  expect((await app.run(ReadSegment, { id })).segment?.summary).toBe(summary);
  const caller = await app.withScopes('segments:read', 'users:read');
  expect((await app.run(ReadSegment, { id }, caller)).segment?.summary).toBe(summary.replace('News', list.id));
});

it('does not summarize the names of another workspace', async () => {
  await using app = await startApp();
  const list = await addList({ ...app.stranger, db: app.db }, { title: 'Secret' });
  const { id, globalId } = await defineSegment(app, 'Readers');
  await app.db.segmentDefinition.updateMany({
    where: { segmentId: id },
    data: { filter: { lists: { some: { listIds: [list.id] } } } },
  });
  expect((await app.run(ReadSegment, { id: globalId })).segment?.summary).toBe(`is on list "${list.id}"`);
});

describe('previewSegment', () => {
  it('counts the users who match, and returns the newest ten', async () => {
    await using app = await startApp();
    await addUser({ ...app.stranger, db: app.db }, { meta: { plan: 'pro' } });
    await addUser(app, { uid: 'free', meta: { plan: 'free' } });
    for (let index = 0; index < 12; index += 1) await addUser(app, { uid: `pro${index}`, meta: { plan: 'pro' } });
    const where = { meta: [{ key: 'plan', string: { eq: 'pro' } }] };
    const { previewSegment } = await app.run(PreviewSegment, { where });
    expect(previewSegment).toMatchObject({ count: 12, countIsCapped: false });
    expect(previewSegment.sample.map(({ uid }) => uid)).toEqual(
      Array.from({ length: 10 }, (_, index) => `pro${11 - index}`),
    );
    expect(await app.db.segment.count()).toBe(0);
  });

  it.each([
    ['segments:read', ['users:read']],
    ['users:read', ['segments:read']],
    ['events:read', ['users:read', 'segments:read']],
  ] as const)('requires %s', async (scope, granted) => {
    await using app = await startApp();
    const caller = await app.withScopes(...granted);
    const { errors } = await app.send(PreviewSegment, { where: { events: [{ name: { eq: 'Paid' } }] } }, caller);
    expect(errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect(JSON.stringify(errors)).toContain(scope);
  });

  it('rejects a condition on all segments, as createSegment does', async () => {
    await using app = await startApp();
    const { errors } = await app.send(PreviewSegment, { where: { segments: { some: {} } } });
    const issues = [{ path: ['where', 'segments', 'some', 'segmentIds'], code: 'REQUIRED' }];
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues });
  });

  it('rejects an invalid filter', async () => {
    await using app = await startApp();
    const { errors } = await app.send(PreviewSegment, { where: { createdAt: { within: 'P1M' } } });
    expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ code: 'INVALID_DURATION' }] });
  });
});

it('counts the conditions of a filter as complexity', async () => {
  await using app = await startApp({ limits: { complexity: 3 } });
  const where = { events: [{ name: { eq: 'Paid' } }] };
  for (const [document, variables] of [
    [CreateSegment, { input: { name: 'a', where } }],
    [PreviewSegment, { where }],
  ] as const) {
    const { errors } = await app.send(document as typeof CreateSegment, variables as never);
    expect(errors?.[0]?.message).toContain('complexity');
  }
});

it('rejects a filter of more than 32 KB, together with other issues', async () => {
  await using app = await startApp();
  const values = Array.from({ length: 250 }, (_, value) => `${value}`.padEnd(130, 'x'));
  const where = { firstName: { in: values } };
  const { createSegment } = await app.run(CreateSegment, { input: { name: '', where } });
  const issues = [{ path: ['name'] }, { path: ['where'], code: 'TOO_LONG' }];
  expect(createSegment).toMatchObject({ __typename: 'ValidationError', issues });
  const fitting = await app.run(CreateSegment, { input: { name: 'a', where: { firstName: { in: values.slice(9) } } } });
  expect(fitting.createSegment).toMatchObject({ __typename: 'CreateSegmentPayload' });
  if (!('segment' in fitting.createSegment)) throw new Error('Not created.');
  const { id: segmentId } = fitting.createSegment.segment;
  const { updateSegment } = await app.run(UpdateSegment, { input: { segmentId, where } });
  expect(updateSegment).toMatchObject({
    __typename: 'ValidationError',
    issues: [{ path: ['where'], code: 'TOO_LONG' }],
  });
});
