import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { AddEventsInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvents, TrackEvent } from '../../kit/operations/events.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany({ where: { workspaceId: app.workspaceId } });
  await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId } });
  await app.db.idempotencyKey.deleteMany({ where: { workspaceId: app.workspaceId } });
  await addUser(app, { uid: 'ada' });
  await addUser(app, { uid: 'bob' });
});

type Input = Partial<AddEventsInput> & Pick<AddEventsInput, 'events'>;

/** The results of the events, as `name` or as a code, and all that `addEvents` returned. */
async function addEvents(input: Input) {
  const { addEvents: payload } = await app.run(AddEvents, { input: { errorPolicy: 'REJECT_ALL', ...input } });
  if (payload.__typename !== 'AddEventsPayload') throw new Error(`${payload.code}: ${payload.message}`);
  const { items, addedCount, failedCount } = payload;
  expect(items.map(({ index }) => index)).toEqual(input.events.map((_, index) => index));
  const results = items.map(({ result }) => ('event' in result ? result.event.name : result.code));
  const ids = items.map(({ result }) => ('event' in result ? result.event.id : undefined));
  return { results, ids, items, addedCount, failedCount };
}

const storedNames = async () => {
  const events = await app.db.event.findMany({ where: { workspaceId: app.workspaceId }, orderBy: { id: 'asc' } });
  return events.map(({ name }) => name);
};

const paid = (value: number, more: Partial<Input['events'][number]> = {}) => ({
  uid: 'ada',
  name: `Paid ${value}`,
  value,
  ...more,
});

it('adds events of several users in the order of the inputs, each with its change', async () => {
  const { results, addedCount, failedCount } = await addEvents({ events: [paid(1), paid(2, { uid: 'bob' }), paid(3)] });
  expect({ results, addedCount, failedCount }).toEqual({
    results: ['Paid 1', 'Paid 2', 'Paid 3'],
    addedCount: 3,
    failedCount: 0,
  });
  expect(await storedNames()).toEqual(results);
  const changes = await app.db.change.findMany({
    where: { workspaceId: app.workspaceId, action: 'addEvent' },
    orderBy: { seq: 'asc' },
  });
  expect(changes.slice(-3).map(({ changed }) => changed)).toEqual(results.map((name) => [`event.${name}`]));
});

const mixed = [paid(1), paid(2, { uid: 'nobody' }), paid(3, { name: '' }), paid(4)];

it('adds the valid events with SKIP_FAILED', async () => {
  const { results, addedCount, failedCount, items } = await addEvents({ events: mixed, errorPolicy: 'SKIP_FAILED' });
  expect({ results, addedCount, failedCount }).toEqual({
    results: ['Paid 1', 'NOT_FOUND', 'VALIDATION_FAILED', 'Paid 4'],
    addedCount: 2,
    failedCount: 2,
  });
  expect(items[2]?.result).toMatchObject({ issues: [{ path: ['name'], code: 'TOO_SHORT' }] });
  expect(await storedNames()).toEqual(['Paid 1', 'Paid 4']);
});

it('adds nothing with REJECT_ALL if one fails, and reports every failure', async () => {
  expect(await addEvents({ events: mixed })).toMatchObject({
    results: ['BATCH_REJECTED', 'NOT_FOUND', 'VALIDATION_FAILED', 'BATCH_REJECTED'],
    addedCount: 0,
    failedCount: 4,
  });
  expect(await storedNames()).toEqual([]);
});

it('accepts no events', async () => {
  expect(await addEvents({ events: [] })).toMatchObject({ items: [], addedCount: 0, failedCount: 0 });
});

it('finds no users of other workspaces', async () => {
  await addUser({ ...app.stranger, db: app.db }, { uid: 'theirs' });
  expect(await addEvents({ events: [paid(1, { uid: 'theirs' })] })).toMatchObject({ results: ['NOT_FOUND'] });
});

it('sends the same number of statements for 2 events and for 500', async () => {
  const counts: number[] = [];
  for (const length of [2, 500]) {
    const events = Array.from({ length }, (_, value) => paid(value, { idempotencyKey: `${length} ${value}` }));
    const input = { events, errorPolicy: 'SKIP_FAILED', idempotencyKey: `whole ${length}` } as const;
    counts.push((await app.statementsOf(() => app.run(AddEvents, { input }))).length);
  }
  expect(counts[1]).toBe(counts[0]);
  expect(counts[0]).toBeGreaterThan(2);
});

describe('idempotency keys', () => {
  it('rejects an event with the key of its request', async () => {
    const events = [paid(1, { idempotencyKey: 'whole' }), paid(2)];
    for (const _try of [1, 2]) {
      const { results } = await addEvents({ events, errorPolicy: 'SKIP_FAILED', idempotencyKey: 'whole' });
      expect(results).toEqual(['IDEMPOTENCY_CONFLICT', 'Paid 2']);
    }
    expect((await addEvents({ events, idempotencyKey: 'other' })).results).toEqual([
      'IDEMPOTENCY_CONFLICT',
      'BATCH_REJECTED',
    ]);
  });

  it('of events: a retry returns the first results, and adds what failed', async () => {
    const events = [paid(1, { idempotencyKey: 'a' }), paid(2, { idempotencyKey: 'b', uid: 'eve' })];
    const first = await addEvents({ events, errorPolicy: 'SKIP_FAILED' });
    expect(first.results).toEqual(['Paid 1', 'NOT_FOUND']);
    await addUser(app, { uid: 'eve' });
    const second = await addEvents({ events, errorPolicy: 'SKIP_FAILED' });
    expect(second.results).toEqual(['Paid 1', 'Paid 2']);
    expect(second.ids[0]).toBe(first.ids[0]);
    expect((await addEvents({ events })).ids).toEqual(second.ids);
    expect(await storedNames()).toHaveLength(2);
  });

  it('of events: repeats within a request are the same event, others conflict', async () => {
    const { results, ids } = await addEvents({
      events: [paid(1, { idempotencyKey: 'a' }), paid(1, { idempotencyKey: 'a' }), paid(2, { idempotencyKey: 'a' })],
      errorPolicy: 'SKIP_FAILED',
    });
    expect(results).toEqual(['Paid 1', 'Paid 1', 'IDEMPOTENCY_CONFLICT']);
    expect(ids[1]).toBe(ids[0]);
    expect(await storedNames()).toEqual(['Paid 1']);
  });

  it('of the request: a retry returns the first results, and other inputs conflict', async () => {
    const events = [paid(1), paid(2)];
    const [first, second] = await Promise.all(
      [1, 2].map(() => addEvents({ events, errorPolicy: 'SKIP_FAILED', idempotencyKey: 'whole' })),
    );
    expect(second?.ids).toEqual(first?.ids);
    expect(await storedNames()).toEqual(['Paid 1', 'Paid 2']);
    await expect(addEvents({ events: [paid(1)], idempotencyKey: 'whole' })).rejects.toThrow('IDEMPOTENCY_CONFLICT');
  });

  it('of the request: a retry after one of the users was deleted returns the events of the others', async () => {
    const events = [paid(1), paid(2, { uid: 'bob' })];
    const first = await addEvents({ events, idempotencyKey: 'whole' });
    await app.db.user.deleteMany({ where: { workspaceId: app.workspaceId, uid: 'bob' } });
    const retry = await addEvents({ events, idempotencyKey: 'whole' });
    expect(retry.results).toEqual(['Paid 1', 'NOT_FOUND']);
    expect(retry.ids[0]).toBe(first.ids[0]);
  });

  it('are free after a request that was rejected', async () => {
    const events = [paid(1, { idempotencyKey: 'a' }), paid(2, { uid: 'nobody' })];
    expect((await addEvents({ events, idempotencyKey: 'whole' })).results).toEqual(['BATCH_REJECTED', 'NOT_FOUND']);
    expect(await app.db.idempotencyKey.count({ where: { workspaceId: app.workspaceId } })).toBe(0);
  });

  it('of many concurrent requests with the same keys in different orders add each event once', async () => {
    const events = Array.from({ length: 50 }, (_, value) => paid(value, { idempotencyKey: `key ${value}` }));
    const orders = [events, events.toReversed(), events, events.toReversed(), events];
    const all = await Promise.all(orders.map((order) => addEvents({ events: order })));
    for (const { failedCount } of all) expect(failedCount).toBe(0);
    expect(await storedNames()).toHaveLength(50);
  });
});

describe.each([true, false])('limits, executed directly: %s', (executeDirectly) => {
  const events = (length: number, more: object = {}) => Array.from({ length }, (_, value) => paid(value, more));

  it('of the number of events, in variables and in the document', async () => {
    await using small = await startApp({ executeDirectly, limits: { bulkEvents: 300, inputItems: 5, tokens: 10_000 } });
    await addUser(small, { uid: 'ada' });
    const ofList = `mutation ($events: [AddEventInput!]!) { addEvents(input: { events: $events }) { __typename } }`;
    const ofInput = `mutation ($input: AddEventsInput!) { addEvents(input: $input) { __typename } }`;
    const literal = (length: number) =>
      `mutation { addEvents(input: { events: [${'{ uid: "ada", name: "Paid" } '.repeat(length)}] }) { __typename } }`;
    const added = { addEvents: { __typename: 'AddEventsPayload' } };
    expect((await small.send(ofList, { events: events(300) })).data).toEqual(added);
    expect((await small.send(ofInput, { input: { events: events(300) } })).data).toEqual(added);
    expect((await small.send(literal(100))).data).toEqual(added);
    for (const { errors } of [
      await small.send(ofList, { events: events(301) }),
      await small.send(ofInput, { input: { events: events(301) } }),
      await small.send(literal(301)),
    ]) {
      expect(errors?.[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT', issues: [{ code: 'TOO_MANY' }] });
    }
  });

  it('of the body, which other operations do not have', async () => {
    await using small = await startApp({ executeDirectly, limits: { bodyBytes: 2_000, bulkBodyBytes: 4_000 } });
    await addUser(small, { uid: 'ada' });
    const long = { properties: { text: 'x'.repeat(1_500) } };
    const input = { events: events(2, long), errorPolicy: 'REJECT_ALL' } as const;
    expect((await small.run(AddEvents, { input })).addEvents).toMatchObject({ addedCount: 2 });
    const other = await small.send(TrackEvent, { input: { ...paid(1), properties: { text: 'x'.repeat(3_000) } } });
    expect(other).toMatchObject({ errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
    expect(other.errors?.[0]?.message).toMatch(/^The body must have at most 2000 bytes; got \d+\./);
    const tooLong = await small.send(AddEvents, { input: { ...input, events: events(3, long) } });
    expect(tooLong).toMatchObject({ status: 413, errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }] });
  });

  it('of points and complexity count events', async () => {
    await using limited = await startApp({
      executeDirectly,
      limits: { complexity: 20 },
      rateLimits: { secret: 30, publicKey: 30 },
    });
    await addUser(limited, { uid: 'ada' });
    const selecting = (selection: string) =>
      `mutation ($input: AddEventsInput!) { addEvents(input: $input) { ... on AddEventsPayload { ${selection} } } }`;
    const withIds = selecting('items { index result { ... on AddEventPayload { event { id name } } } }');
    const { headers } = await limited.send(withIds, { input: { events: events(20) } });
    expect(headers['ratelimit-remaining']).toBe('9');
    expect((await limited.send(withIds, { input: { events: events(21) } })).errors?.[0]?.message).toContain(
      'complexity of 21',
    );
    const withUsers = selecting('items { result { ... on AddEventPayload { event { user { uid } } } } }');
    expect((await limited.send(withUsers, { input: { events: events(11) } })).errors?.[0]?.message).toContain(
      'complexity of 22',
    );
    expect((await limited.send(withIds, { input: { events: events(9) } })).errors?.[0]?.extensions?.code).toBe(
      'RATE_LIMITED',
    );
  });
});

it('can be called with the public key alone, which cannot read the users', async () => {
  const { addEvents: payload } = await app.run(
    AddEvents,
    { input: { events: [paid(1)], errorPolicy: 'REJECT_ALL' } },
    app.owner,
  );
  expect(payload).toMatchObject({ addedCount: 1 });
  const withPublicKey = await app.send(
    'mutation ($input: AddEventsInput!) { addEvents(input: $input) { ... on AddEventsPayload { items { result { ... on AddEventPayload { event { id } } } } } } }',
    { input: { events: [paid(2)] } },
    app.publicKey,
  );
  expect(withPublicKey.errors).toBeUndefined();
  const forbidden = await app.send(
    'mutation ($input: AddEventsInput!) { addEvents(input: $input) { ... on AddEventsPayload { items { result { ... on AddEventPayload { event { user { email } } } } } } } }',
    { input: { events: [paid(3)] } },
    app.publicKey,
  );
  expect(forbidden.errors?.[0]?.extensions).toMatchObject({ code: 'FORBIDDEN' });
});
