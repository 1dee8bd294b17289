import { afterAll, expect, it } from 'vitest';
import { graphql } from '../../generated/gql.ts';
import type { EventFilter } from '../../generated/graphql.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { AddEvent, ReadEvents } from '../../kit/operations/events.ts';
import { variant } from '../../kit/variant.ts';

const EventsOfUsers = graphql(`
  query EventsOfUsers($where: EventFilter) {
    users { nodes { uid events(where: $where) { nodes { name } totalCount } } }
  }
`);

const EventsFiltered = graphql(`
  query EventsFiltered($where: EventFilter, $first: Int, $after: String, $last: Int, $before: String) {
    user(uid: "u144") {
      events(where: $where, first: $first, after: $after, last: $last, before: $before) {
        nodes { name }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
      }
    }
  }
`);

const app = await startApp();
afterAll(() => app[Symbol.asyncDispose]());

await addUser(app, { uid: 'u144' });
await addUser(app, { uid: 'other' });
const now = Date.now();
for (const [uid, name, value, properties] of [
  ['u144', 'none', undefined, { currency: 'NGN', amount: 20, paidAt: new Date(now - 60_000).toISOString() }],
  ['u144', 'number', 20, { currency: 'ngn', amount: 5, gift: true }],
  ['u144', 'text', 'Twenty', { currency: 'USD', amount: '20', paidAt: '2020-01-12' }],
  ['u144', 'boolean', false, {}],
  ['u144', 'digits', '20', undefined],
  ['other', 'number', 20, { currency: 'NGN' }],
] as const) {
  await app.run(AddEvent, { input: { uid, name, value, properties } });
}

/** Names of the user's events that match a filter; also checks their count. */
async function matching(where: EventFilter) {
  const events = (await app.run(ReadEvents, { uid: 'u144', where })).user?.events;
  expect(events?.totalCount).toBe(events?.nodes.length);
  return events?.nodes.map(({ name }) => name);
}

it.each<[string, EventFilter, string[]]>([
  ['no condition on the value', { value: {} }, ['digits', 'boolean', 'text', 'number', 'none']],
  ['null', { value: null, properties: null }, ['digits', 'boolean', 'text', 'number', 'none']],
  ['an empty list of properties', { properties: [] }, ['digits', 'boolean', 'text', 'number', 'none']],
  ['a number', { value: { number: { gte: 20 } } }, ['number']],
  ['a text', { value: { string: { eq: 'twenty' } } }, ['text']],
  ['a text, with regard to case', { value: { string: { eq: 'twenty', caseSensitive: true } } }, []],
  ['a boolean', { value: { boolean: { eq: false } } }, ['boolean']],
  ['no value', { value: { exists: false } }, ['none']],
  ['any value', { value: { exists: true } }, ['digits', 'boolean', 'text', 'number']],
  ['two types, which no value has', { value: { number: { gt: 0 }, string: { eq: '20' } } }, []],
  ['a property', { properties: [{ key: 'currency', string: { eq: 'NGN' } }] }, ['number', 'none']],
  ['the number of a property', { properties: [{ key: 'amount', number: { gt: 5 } }] }, ['none']],
  ['a missing property', { properties: [{ key: 'amount', exists: false }] }, ['digits', 'boolean']],
  ['the date of a property', { properties: [{ key: 'paidAt', dateTime: { lt: '2021-01-01T00:00:00Z' } }] }, ['text']],
  ['a duration', { properties: [{ key: 'paidAt', dateTime: { within: 'PT1H' } }] }, ['none']],
  [
    'several properties',
    {
      properties: [
        { key: 'currency', string: { in: ['ngn', 'usd'] } },
        { key: 'gift', boolean: { eq: true } },
      ],
    },
    ['number'],
  ],
  [
    'name, value and properties',
    { name: 'number', value: { number: { lt: 21 } }, properties: [{ key: 'gift', exists: true }] },
    ['number'],
  ],
  ['name and value that contradict', { name: 'text', value: { number: { lt: 21 } } }, []],
  ['a value and a time window in the past', { value: { exists: true }, until: '2020-01-01T00:00:00Z' }, []],
])('filters by %s', async (_what, where, names) => expect(await matching(where)).toEqual(names));

it.each<[string, EventFilter]>([
  ['an empty key', { properties: [{ key: '', exists: true }] }],
  ['null in a condition', { value: { number: { eq: null } } }],
  ['a text that cannot be stored', { value: { string: { eq: '\0' } } }],
  ['a duration in months', { properties: [{ key: 'paidAt', dateTime: { within: 'P1M' } }] }],
])('rejects %s', async (_what, where) => {
  expect(await app.send(ReadEvents, { uid: 'u144', where })).toMatchObject({
    errors: [{ extensions: { code: 'BAD_USER_INPUT' } }],
  });
});

it('rejects a filter that exceeds a limit', async () => {
  const properties = Array.from({ length: 51 }, (_, index) => ({ key: `k${index}`, exists: true }));
  expect(await app.send(ReadEvents, { uid: 'u144', where: { properties } })).toMatchObject({
    errors: [{ extensions: { code: 'LIMIT_EXCEEDED' } }],
  });
});

it('is paged in both directions', async () => {
  const where: EventFilter = { value: { exists: true } };
  const page = async (variables: { first?: number; after?: string; last?: number; before?: string }) => {
    const { user } = await app.run(EventsFiltered, { where, ...variables });
    if (!user) throw new Error('The user is missing.');
    const { nodes, pageInfo } = user.events;
    return { names: nodes.map(({ name }) => name), ...pageInfo };
  };
  const first = await page({ first: 3 });
  expect(first).toMatchObject({ names: ['digits', 'boolean', 'text'], hasNextPage: true, hasPreviousPage: false });
  const second = await page({ first: 3, after: first.endCursor ?? '' });
  expect(second).toMatchObject({ names: ['number'], hasNextPage: false, hasPreviousPage: true });
  expect(await page({ last: 3, before: second.startCursor ?? '' })).toEqual(first);
});

it('reads the events of all users with one statement', async () => {
  const where: EventFilter = { properties: [{ key: 'paidAt', dateTime: { within: 'P1D' } }] };
  const statements = await app.statementsOf(() => app.run(EventsOfUsers, { where }));
  expect(statements.filter((text) => text.includes('/* readPages events */'))).toHaveLength(1);
  expect(statements.filter((text) => text.includes('/* countRows events */'))).toHaveLength(1);
});

// Behind a pooler, the sessions of PostgreSQL are shared with other tests.
it.runIf(variant.prepared && !variant.pooled)(
  'prepares the statements of a filter by name and time, but not those of other filters',
  async () => {
    await using single = await startApp({ poolSize: 1 });
    await addUser(single, { uid: 'u144' });
    const prepared = async () => {
      const rows = await single.db.$queryRaw<{ statement: string }[]>`SELECT statement FROM pg_prepared_statements`;
      return rows.filter(({ statement }) => /\/\* (readPages|countRows) events \*\//.test(statement));
    };
    await single.run(EventsOfUsers, { where: { properties: [{ key: 'paidAt', exists: true }] } });
    expect(await prepared()).toEqual([]);
    await single.run(EventsOfUsers, { where: { name: 'number', since: '2020-01-01T00:00:00Z' } });
    expect(await prepared()).toHaveLength(2);
  },
);
