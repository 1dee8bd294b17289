import { afterAll, expect, it } from 'vitest';
import type { EventFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent, ReadEvents } from '../../kit/operations/events.ts';

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

// Added in another order than that of their timestamps.
await addUser(app, { uid: 'u144' });
await addUser(app, { uid: 'other' });
for (const [uid, name, timestamp] of [
  ['u144', 'Paid', '2020-03-01T00:00:00Z'],
  ['u144', 'Add to cart', '2020-01-01T00:00:00Z'],
  ['u144', 'Paid', '2020-02-01T00:00:00Z'],
  ['other', 'Paid', '2020-02-01T00:00:00Z'],
] as const) {
  await app.run(AddEvent, { input: { uid, name, timestamp } });
}

/** Name and month of the events that match a filter; also checks their count. */
async function matching(where?: EventFilter | null) {
  const events = (await app.run(ReadEvents, { uid: 'u144', where })).user?.events;
  expect(events?.totalCount).toBe(events?.nodes.length);
  return events?.nodes.map(({ name, timestamp }) => `${name} ${timestamp.slice(0, 7)}`);
}

const all = ['Paid 2020-02', 'Add to cart 2020-01', 'Paid 2020-03'];

it('returns the user’s own events, last added first', async () => expect(await matching()).toEqual(all));

it('treats null as no filter, as a whole and in each condition', async () => {
  expect(await matching(null)).toEqual(all);
  expect(await matching({})).toEqual(all);
  expect(await matching({ name: null, since: null, until: null })).toEqual(all);
});

it('filters by the exact name', async () => {
  expect(await matching({ name: 'Paid' })).toEqual(['Paid 2020-02', 'Paid 2020-03']);
  expect(await matching({ name: 'paid' })).toEqual([]);
});

it('filters from an instant on, inclusive', async () => {
  expect(await matching({ since: '2020-02-01T00:00:00Z' })).toEqual(['Paid 2020-02', 'Paid 2020-03']);
  expect(await matching({ since: '2020-02-01T00:00:00.001Z' })).toEqual(['Paid 2020-03']);
});

it('filters up to an instant, exclusive', async () => {
  expect(await matching({ until: '2020-02-01T00:00:00Z' })).toEqual(['Add to cart 2020-01']);
  expect(await matching({ until: '2020-02-01T00:00:00.001Z' })).toEqual(['Paid 2020-02', 'Add to cart 2020-01']);
});

it('compares instants, regardless of their offset', async () => {
  expect(await matching({ since: '2020-03-01T05:30:00+05:30' })).toEqual(['Paid 2020-03']);
});

it('combines all conditions', async () => {
  const where = { name: 'Paid', since: '2020-02-01T00:00:00Z', until: '2020-03-01T00:00:00Z' };
  expect(await matching(where)).toEqual(['Paid 2020-02']);
});

it('accepts the first and the last instant', async () => {
  expect(await matching({ since: '0001-01-01T00:00:00Z', until: '9999-12-31T23:59:59.999Z' })).toEqual(all);
});

it.each([
  ['an empty name', { name: '' }],
  ['U+0000', { name: '\0' }],
  ['the year 0', { since: '0000-01-01T00:00:00Z' }],
  ['the year 10000 in UTC', { until: '9999-12-31T23:59:59-01:00' }],
])('rejects %s', async (_what, where) => {
  expect(await app.send(ReadEvents, { uid: 'u144', where })).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
});
