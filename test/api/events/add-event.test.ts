import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { AddEventInput } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent, ReadEvents, TrackEvent } from '../../kit/operations/events.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

beforeEach(async () => {
  await app.db.event.deleteMany();
  await app.db.user.deleteMany();
  await addUser(app, { uid: 'u144' });
});

/** Adds an event and reads it from the user. */
async function added(input: Omit<AddEventInput, 'uid' | 'name'>) {
  const { addEvent } = await app.run(AddEvent, { input: { uid: 'u144', name: 'Paid', ...input } });
  if (!('event' in addEvent)) throw new Error(addEvent.message);
  const { user } = await app.run(ReadEvents, { uid: 'u144' });
  expect(user?.events.nodes).toEqual([addEvent.event]);
  return addEvent.event;
}

it('adds an event from a name alone: no value, no properties, now', async () => {
  const before = Date.now();
  const event = await added({});
  expect(event).toMatchObject({ name: 'Paid', value: null, properties: {}, user: { uid: 'u144' } });
  expect(Date.parse(event.timestamp)).toBeGreaterThanOrEqual(before);
  expect(Date.parse(event.timestamp)).toBeLessThanOrEqual(Date.now());
});

it('treats null as omitted, in every field', async () => {
  const before = Date.now();
  const event = await added({ value: null, properties: null, timestamp: null });
  expect(event).toMatchObject({ value: null, properties: {} });
  expect(Date.parse(event.timestamp)).toBeGreaterThanOrEqual(before);
});

describe('value', () => {
  it.each(['T123', '', 'null', '49.99', '{"a":1}', '"', 49.99, 0, -1.5e-7, 2 ** 53 - 1, Number.MIN_VALUE, true, false])(
    'stores %j',
    async (value) => expect((await added({ value })).value).toBe(value),
  );

  it('stores a string of 16 KB as JSON', async () => {
    const value = 'x'.repeat(16 * 1024 - 2);
    expect((await added({ value })).value).toBe(value);
  });
});

describe('properties', () => {
  it.each([
    ['strings, numbers and booleans', { product: 'T123', currency: 'USD', amount: 12.99, gift: false, none: '' }],
    ['an empty object', {}],
  ])('store %s', async (_what, properties) => expect((await added({ properties })).properties).toEqual(properties));
});

describe('timestamp', () => {
  it.each([
    ['the first instant of the year 1', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['an instant before 1970', '1969-12-31T23:59:59.999Z', '1969-12-31T23:59:59.999Z'],
    ['the last instant of the year 9999', '9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['an offset', '2020-05-30T09:30:10+05:30', '2020-05-30T04:00:10.000Z'],
    ['an instant in another year in UTC', '0001-01-01T00:30:00-01:00', '0001-01-01T01:30:00.000Z'],
  ])('stores %s', async (_what, timestamp, answered) => {
    expect((await added({ timestamp })).timestamp).toBe(answered);
  });
});

describe('rejects', () => {
  const lone = '\ud800';
  it.each([
    ['an empty name', { name: '' }, ['name'], 'TOO_SHORT'],
    ['a name of 256 characters', { name: 'x'.repeat(256) }, ['name'], 'TOO_LONG'],
    ['a name of two lines', { name: 'a\nb' }, ['name'], 'INVALID_CHARACTER'],
    ['a uid with a slash', { uid: 'a/b' }, ['uid'], 'INVALID_UID'],
    ['a value of more than 16 KB', { value: 'x'.repeat(16 * 1024 - 1) }, ['value'], 'TOO_LARGE'],
    ['U+0000 in the value', { value: '\0' }, ['value'], 'INVALID_CHARACTER'],
    ['half of a surrogate pair in the value', { value: lone }, ['value'], 'INVALID_CHARACTER'],
    ['a property with U+0000', { properties: { k: '\0' } }, ['properties', 'k'], 'INVALID_CHARACTER'],
    ['a property without a key', { properties: { '': 1 } }, ['properties', ''], 'INVALID_KEY'],
    ['more than 16 KB', { properties: { k: 'x'.repeat(16 * 1024) } }, ['properties'], 'TOO_LARGE'],
    ['the year 0', { timestamp: '0000-12-31T23:59:59Z' }, ['timestamp'], 'OUT_OF_RANGE'],
    ['the year 10000 in UTC', { timestamp: '9999-12-31T23:59:59-01:00' }, ['timestamp'], 'OUT_OF_RANGE'],
  ])('%s', async (_what, invalid, path, code) => {
    const { addEvent } = await app.run(AddEvent, { input: { uid: 'u144', name: 'Paid', ...invalid } });
    expect(addEvent).toMatchObject({ code: 'VALIDATION_FAILED', issues: [{ path, code }] });
    expect(await app.db.event.count()).toBe(0);
  });

  it('every issue at once, each with its path', async () => {
    const input = { uid: '', name: '', value: '\0', properties: { '': '\0' }, timestamp: '0000-01-01T00:00:00Z' };
    const { addEvent } = await app.run(AddEvent, { input });
    const paths = 'issues' in addEvent ? addEvent.issues.map(({ path }) => path.join('.')) : [];
    expect([...new Set(paths)].sort()).toEqual(['name', 'properties.', 'timestamp', 'uid', 'value']);
  });

  it('an unknown user, and one of another workspace', async () => {
    await addUser({ ...app.stranger, db: app.db }, { uid: 'foreign' });
    for (const uid of ['nobody', 'foreign']) {
      expect(await app.run(AddEvent, { input: { uid, name: 'Paid' } })).toMatchObject({
        addEvent: { __typename: 'NotFoundError', code: 'NOT_FOUND', resource: 'User' },
      });
    }
    expect(await app.db.event.count()).toBe(0);
  });
});

it('works with the public key alone', async () => {
  const input = { uid: 'u144', name: 'Paid' };
  expect(await app.run(TrackEvent, { input }, app.publicKey)).toMatchObject({
    addEvent: { __typename: 'AddEventPayload' },
  });
});

it('overwrites no event: the same input adds another one', async () => {
  const input = { uid: 'u144', name: 'Paid', timestamp: '2020-05-30T09:30:10Z' };
  await app.run(AddEvent, { input: { ...input, value: 1 } });
  await app.run(AddEvent, { input: { ...input, value: 2 } });
  const { user } = await app.run(ReadEvents, { uid: 'u144' });
  expect(user?.events).toMatchObject({ totalCount: 2, nodes: [{ value: 2 }, { value: 1 }] });
});
