import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { segmentObject } from '../../../src/rest/segments.ts';
import { startApp } from '../../kit/app.ts';
import { addList, addSegment, addToSegment, addUser } from '../../kit/factories.ts';
import { pageIn, type RestCaller, restOf } from '../../kit/rest.ts';
import { completeSegment } from '../../kit/segments/define.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let rest: RestCaller;
beforeAll(async () => {
  app = await startApp({ ownApp: true });
  rest = restOf(app);
});
afterAll(() => app[Symbol.asyncDispose]());

const where = { created_at: { within: 'P90D' }, meta: [{ key: 'plan', string: { eq: 'pro' } }] };

async function create(body: object = { name: 'Paying', where }) {
  const answer = await rest.post('/v1/segments', body);
  expect(answer.status).toBe(200);
  return segmentObject.parse(answer.body);
}

describe('POST /segments', () => {
  it('creates a segment', async () => {
    const segment = await create({ name: 'Paying', description: 'Who pays', where });
    expect(segment).toEqual({
      id: segment.id,
      name: 'Paying',
      description: 'Who pays',
      where,
      summary: 'sign-up is within the last 90 days and plan is "pro"',
      status: 'computing',
      progress: 0,
      computed_at: null,
      created_at: expect.stringMatching(/\+00:00$/),
    });
    expect((await rest.get(`/v1/segments/${segment.id.toUpperCase()}`)).body).toEqual(segment);
  });

  it('accepts the filter that it returns, with the names of REST', async () => {
    const list = await addList(app, { title: 'News' });
    const filter = {
      lists: { some: { list_ids: [list.id.toUpperCase()], joined_at: { gte: '2026-01-01 01:00+01:00' } } },
      devices: { none: { platform: 'ios' } },
      tz: { starts_with: 'Africa/' },
      app_last_active: { before: 'P30D' },
    };
    const segment = await create({ name: 'Readers', where: filter });
    expect(JSON.stringify(segment.where)).toBe(
      JSON.stringify({
        app_last_active: { before: 'P30D' },
        devices: { none: { platform: 'ios' } },
        lists: { some: { joined_at: { gte: '2026-01-01T00:00:00.000Z' }, list_ids: [list.id] } },
        tz: { starts_with: 'Africa/' },
      }),
    );
    expect(segment.summary).toContain('is on list "News"');
    expect((await rest.put(`/v1/segments/${segment.id}`, { where: segment.where })).body).toEqual(segment);
    expect(await app.db.segmentDefinition.count({ where: { segmentId: segment.id } })).toBe(1);
  });

  it('names every problem by its path in REST', async () => {
    const foreign = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    const issuesOf = async (body: object) => (await rest.post('/v1/segments', body)).body;
    expect(await issuesOf({ name: '', where: { created_at: { within: 'P1M' } } })).toMatchObject({
      code: 'VALIDATION_FAILED',
      issues: [
        { path: ['name'], code: 'TOO_SHORT' },
        { path: ['where', 'created_at', 'within'], code: 'INVALID_DURATION' },
      ],
    });
    expect(
      await issuesOf({ name: 'a', where: { not: { segments: { some: { segment_ids: [foreign.id] } } } } }),
    ).toMatchObject({
      error: 'where.not.segments.some.segment_ids.0 must be a segment of the workspace',
      issues: [{ path: ['where', 'not', 'segments', 'some', 'segment_ids', '0'], code: 'NOT_FOUND' }],
    });
    expect(await issuesOf({ name: 'a' })).toMatchObject({ issues: [{ path: ['where'] }] });
    expect(await issuesOf({ name: 'a', where: { segments: { none: {} } } })).toMatchObject({
      issues: [{ path: ['where', 'segments', 'none', 'segment_ids'], code: 'REQUIRED' }],
    });
    const tooLong = { uid: { in: Array.from({ length: 1_001 }, () => 'u') } };
    expect(await rest.post('/v1/segments', { name: 'a', where: tooLong })).toMatchObject({
      status: 400,
      body: { code: 'LIMIT_EXCEEDED' },
    });
  });

  it.each([
    ['users:read', ['segments:write', 'events:read']],
    ['events:read', ['segments:write', 'users:read']],
    ['segments:write', ['users:read', 'events:read']],
  ] as const)('requires %s', async (scope, granted) => {
    const caller = restOf(app, await app.withScopes(...granted));
    const body = { name: 'a', where: { events: [{ name: { eq: 'Paid' } }] } };
    const before = await app.db.segment.count();
    for (const answer of [
      await caller.post('/v1/segments', body),
      await caller.put('/v1/segments/0190a000-0000-7000-8000-000000000000', body),
    ]) {
      expect(answer).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
      expect(JSON.stringify(answer.body)).toContain(scope);
    }
    expect(await app.db.segment.count()).toBe(before);
  });
});

describe('PUT /segments/{id}', () => {
  it('changes the fields that are sent', async () => {
    const { id } = await create();
    expect((await rest.put(`/v1/segments/${id}`, { name: 'Customers' })).body).toMatchObject({
      name: 'Customers',
      where,
    });
    await completeSegment(app, id);
    expect((await rest.put(`/v1/segments/${id}`, { description: null })).body).toMatchObject({
      name: 'Customers',
      status: 'ready',
      progress: null,
      computed_at: expect.any(String),
    });
    expect((await rest.put(`/v1/segments/${id}`, { where: {} })).body).toMatchObject({
      where: {},
      summary: 'everybody',
      status: 'computing',
    });
  });

  it('rejects cycles, null and unknown segments', async () => {
    const { id } = await create();
    const itself = { where: { segments: { some: { segment_ids: [id] } } } };
    expect(await rest.put(`/v1/segments/${id}`, itself)).toMatchObject({
      status: 409,
      body: { code: 'SEGMENT_CYCLE' },
    });
    expect(await rest.put(`/v1/segments/${id}`, { where: null })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['where'], code: 'NOT_NULLABLE' }] },
    });
    const foreign = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    expect(await rest.put(`/v1/segments/${foreign.id}`, { name: 'Mine' })).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND', error: 'Segment not found.' },
    });
    expect(await rest.put('/v1/segments/1', { name: 'Mine' })).toMatchObject({
      status: 400,
      body: { issues: [{ path: ['id'] }] },
    });
  });
});

describe('DELETE /segments/{id}', () => {
  it('deletes a segment to which no other one refers', async () => {
    const { id } = await create();
    const { id: referring } = await create({
      name: 'Others',
      where: { not: { segments: { some: { segment_ids: [id] } } } },
    });
    expect(await rest.delete(`/v1/segments/${id}`)).toMatchObject({
      status: 409,
      body: { code: 'SEGMENT_IN_USE', error: expect.stringContaining('"Others"') },
    });
    for (const segment of [referring, id]) {
      expect(await rest.delete(`/v1/segments/${segment}`)).toMatchObject({ status: 200, body: { status: 'ok' } });
      expect(await rest.get(`/v1/segments/${segment}`)).toMatchObject({ status: 404 });
      expect(await rest.delete(`/v1/segments/${segment}`)).toMatchObject({ status: 404 });
    }
  });
});

describe('GET /segments', () => {
  it('lists all segments of the workspace in pages, newest first', async () => {
    await using other = await startApp();
    const caller = restOf(other);
    await addSegment({ ...other.stranger, db: other.db }, 'Foreign');
    for (const name of ['a', 'b', 'c']) await addSegment(other, name);
    const read = async (query: string) => (await caller.get(`/v1/segments?${query}`)).body as Record<string, unknown>;
    const namesIn = ({ data }: Record<string, unknown>) => (data as { name: string }[]).map(({ name }) => name);
    const first = await read('limit=2');
    expect(namesIn(first)).toEqual(['c', 'b']);
    expect(first).toMatchObject({ data: [{ status: 'static', where: null, summary: null, progress: null }, {}] });
    const second = await read(`limit=2&next_cursor=${first.next_cursor}`);
    expect(namesIn(second)).toEqual(['a']);
    expect(second).not.toHaveProperty('next_cursor');
    expect(namesIn(await read(`limit=2&previous_cursor=${second.previous_cursor}`))).toEqual(['c', 'b']);
    expect(await caller.get(`/v1/users?next_cursor=${first.next_cursor}`)).toMatchObject({ status: 400 });
  });
});

describe('GET /segments/{id}/users', () => {
  it('lists the members of the segment in pages, newest first', async () => {
    const segment = await addSegment(app, 'Active');
    const other = await addSegment(app, 'Other');
    for (const uid of ['m1', 'm2', 'm3']) await addToSegment(app, segment, await addUser(app, { uid }), uid === 'm2');
    await addToSegment(app, other, await addUser(app));
    const path = `/v1/segments/${segment.id}/users`;
    const { body } = await rest.get(`${path}?limit=2`);
    const { uids, next } = pageIn(body);
    expect(uids).toEqual(['m3', 'm2']);
    expect(body).toMatchObject({ data: [{}, { uid: 'm2', segments: [{ id: segment.id, suppressed: true }] }] });
    expect(pageIn((await rest.get(`${path}?next_cursor=${next}`)).body).uids).toEqual(['m1']);
    expect(await rest.get(`/v1/segments/${other.id}/users?next_cursor=${next}`)).toMatchObject({ status: 400 });
  });

  it('requires both scopes, and a segment of the workspace', async () => {
    const foreign = await addSegment({ ...app.stranger, db: app.db }, 'Foreign');
    expect(await rest.get(`/v1/segments/${foreign.id}/users`)).toMatchObject({ status: 404 });
    const segment = await addSegment(app, 'Active');
    for (const scope of ['segments:read', 'users:read'] as const) {
      const caller = restOf(app, await app.withScopes(scope));
      expect(await caller.get(`/v1/segments/${segment.id}/users`)).toMatchObject({ status: 403 });
    }
  });
});
