import { afterAll, beforeEach, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId } });
  await app.db.event.deleteMany({ where: { workspaceId: app.workspaceId } });
  await addUser(app, { uid: 'ada' });
});

async function post(body: unknown, headers: Record<string, string> = {}, gateway = app) {
  const response = await gateway.app.inject({
    method: 'POST',
    url: '/v1/events/bulk',
    headers: { authorization: gateway.owner, 'content-type': 'application/json', ...headers },
    payload: JSON.stringify(body),
  });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
}

const paid = (value: unknown, more: object = {}) => ({ uid: 'ada', event: 'Paid', value, ...more });
const countEvents = () => app.db.event.count({ where: { workspaceId: app.workspaceId } });

it('names an invalid key as a field of its event', async () => {
  const { body } = await post({ events: [paid(1, { idempotency_key: 5 })] });
  expect(body.results[0]).toMatchObject({
    error: 'idempotency_key must be of type string; got number',
    issues: [{ path: ['idempotency_key'] }],
  });
});

it('adds events, with the result of each', async () => {
  const { status, body } = await post({ events: [paid(1), paid(2, { timestamp: 1_590_831_010 })] });
  expect(status).toBe(200);
  expect(body).toEqual({
    written: 2,
    failed: 0,
    results: [0, 1].map((index) => ({ index, status: 'ok', id: expect.stringMatching(/^[\da-f-]{36}$/) })),
  });
  const second = await app.db.event.findUnique({
    where: { workspaceId_id: { workspaceId: app.workspaceId, id: body.results[1].id } },
  });
  expect(second?.timestamp.toISOString()).toBe('2020-05-30T09:30:10.000Z');
});

const mixed = [paid(1), paid({ a: 1 }), { uid: 'nobody', event: 'Paid' }, 'Paid', { event: 'Paid' }];
const failures = [
  { code: 'VALIDATION_FAILED', issues: [{ path: ['value'] }] },
  { code: 'NOT_FOUND', error: 'User not found.' },
  { code: 'VALIDATION_FAILED' },
  { code: 'VALIDATION_FAILED', issues: [{ path: ['uid'] }] },
];

it('adds the valid events with skip_failed', async () => {
  const { status, body } = await post({ events: mixed, error_policy: 'skip_failed' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ written: 1, failed: 4, results: [{ index: 0, status: 'ok' }, ...failures] });
  expect(await countEvents()).toBe(1);
});

it('answers 422 and adds nothing with reject_all if one fails', async () => {
  const { status, body } = await post({ events: mixed });
  expect(status).toBe(422);
  expect(body).toMatchObject({ written: 0, failed: 5, results: [{ code: 'BATCH_REJECTED' }, ...failures] });
  expect(await countEvents()).toBe(0);
});

it('lists properties that are not stored in the result of their event; with strict handling, they are errors', async () => {
  const events = [paid(1, { properties: { a: 1, b: [] } }), paid(2, { colour: 'red' })];
  const { body } = await post({ events });
  expect(body.results).toMatchObject([{ status: 'ok', ignored: [{ path: ['properties', 'b'] }] }, { status: 'ok' }]);
  const strict = await post({ events, error_policy: 'skip_failed' }, { prefer: 'handling=strict' });
  expect(strict.status).toBe(422);
  expect(strict.body.results).toMatchObject([
    { code: 'VALIDATION_FAILED', issues: [{ path: ['properties', 'b'] }] },
    { code: 'VALIDATION_FAILED', issues: [{ path: ['colour'], code: 'UNKNOWN_FIELD' }] },
  ]);
});

it('returns the first results for the same Idempotency-Key, and for the key of an event', async () => {
  const events = [paid(1), paid(2, { idempotency_key: 'two' })];
  const key = { 'idempotency-key': '"whole"' };
  const first = await post({ events }, key);
  expect((await post({ events }, key)).body).toEqual(first.body);
  expect((await post({ events: [events[1]] })).body.results[0].id).toBe(first.body.results[1].id);
  expect(await countEvents()).toBe(2);
  expect(await post({ events: [paid(3)] }, key)).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_CONFLICT' } });
});

it.each([
  [{}, [{ path: ['events'] }]],
  [{ events: 'x' }, [{ path: ['events'] }]],
  [{ events: [], error_policy: 'none' }, [{ path: ['error_policy'] }]],
])('rejects %j', async (body, issues) => {
  expect(await post(body)).toMatchObject({ status: 400, body: { code: 'VALIDATION_FAILED', issues } });
});

it('charges a point for each event, and one for the request', async () => {
  await using limited = await startApp({ rateLimits: { secret: 10, publicKey: 10 } });
  await addUser(limited, { uid: 'ada' });
  expect((await post({ events: [paid(1), paid(2), paid(3)] }, {}, limited)).headers['ratelimit-remaining']).toBe('6');
  const exceeded = await post({ events: Array.from({ length: 6 }, () => paid(1)) }, {}, limited);
  expect(exceeded).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  expect(await limited.db.event.count({ where: { workspaceId: limited.workspaceId } })).toBe(3);
});

it('has limits of its own for the number of events and the size of the body', async () => {
  await using small = await startApp({ limits: { bodyBytes: 500, bulkBodyBytes: 2_000, bulkEvents: 3 } });
  await addUser(small, { uid: 'ada' });
  const long = 'x'.repeat(300);
  expect(await post({ events: [paid(long), paid(long)] }, {}, small)).toMatchObject({ status: 200 });
  expect(await post({ events: Array.from({ length: 4 }, () => paid(1)) }, {}, small)).toMatchObject({
    status: 400,
    body: { issues: [{ path: ['events'], code: 'TOO_MANY' }] },
  });
  expect(await post({ events: [paid('x'.repeat(2_000))] }, {}, small)).toMatchObject({ status: 413 });
});
