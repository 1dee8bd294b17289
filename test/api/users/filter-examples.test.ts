import { readFileSync } from 'node:fs';
import { getNamedType, isInputObjectType, parseValue, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { UserFacts } from '../../../src/domain/users/filter/condition.ts';
import type { User } from '../../../src/domain/users/user.ts';
import { schema } from '../../../src/graphql/schema/index.ts';
import { startApp } from '../../kit/app.ts';
import { declareAll, storeValues } from '../../kit/filters/declared.ts';
import { insertPeople, listIds, segmentIds } from '../../kit/filters/people.ts';
import { rowGlobalId, rowId } from '../../kit/seed-rows.ts';

const page = readFileSync('docs/filters.md', 'utf8');

/** The rows of tables that have a filter or an order in the first column, and uids in the last one. */
const rows = page.split('\n').flatMap((line) => {
  const cells = line.slice(2, -2).split(' | ');
  const input = /^`(\{.*\})`$/.exec(cells[0] ?? '')?.[1];
  const uids = cells.at(-1) ?? '';
  return input ? [{ input, uids: uids === 'nobody' ? [] : uids.split(', ') }] : [];
});
/** The rows of the table of searches. */
const searches = page.split('\n').flatMap((line) => {
  const cells = line.slice(2, -2).split(' | ');
  const search = /^`"(.*)"`$/.exec(cells[0] ?? '')?.[1];
  const uids = cells.at(-1) ?? '';
  return search === undefined ? [] : [{ search, uids: uids === 'nobody' ? [] : uids.split(', ') }];
});

function inputObjectType(name: string) {
  const type = schema.getType(name);
  if (!isInputObjectType(type)) throw new Error(`${name} is not an input object type.`);
  return type;
}

/** The coordinates of all fields that an example uses. */
function coordinatesIn(example: string, type: 'UserFilter' | 'UserOrder'): string[] {
  const used: string[] = [];
  const typeInfo = new TypeInfo(schema, inputObjectType(type));
  const visitor = visitWithTypeInfo(typeInfo, {
    ObjectField: ({ name }) => void used.push(`${getNamedType(typeInfo.getParentInputType())}.${name.value}`),
  });
  visit(parseValue(example), visitor);
  return used;
}

/** The coordinates of all fields of an input type, and of the input types within it. */
function coordinatesWithin(name: string, seen = new Set<string>()): string[] {
  if (seen.has(name)) return [];
  seen.add(name);
  return Object.values(inputObjectType(name).getFields()).flatMap((field) => {
    const type = getNamedType(field.type);
    return [`${name}.${field.name}`, ...(isInputObjectType(type) ? coordinatesWithin(type.name, seen) : [])];
  });
}

const isOrder = ({ input }: { input: string }) => /^\{ (field|attribute):/.test(input);

const HOUR = 3_600_000;
const ago = (hours: number) => new Date(Date.now() - hours * HOUR).toISOString();

const nobody: Omit<User, 'id' | 'uid' | 'createdAt'> = {
  uidUpdateable: false,
  firstName: null,
  lastName: null,
  number: null,
  email: null,
  isAccount: false,
  timeZone: null,
  appVersion: null,
  appBuild: null,
  appLastActiveAt: null,
  meta: {},
  updatedAt: ago(0),
};

/** A purchase some days ago. */
const purchase = (days: number, value: number, currency: string) => ({
  name: 'Purchase',
  value,
  properties: { currency },
  timestamp: Date.parse(ago(24 * days)),
});

/** The users of the page. */
function people(): UserFacts[] {
  const [list = '', segment = ''] = [listIds[0], segmentIds[0]];
  return [
    {
      user: {
        ...nobody,
        id: rowId(11),
        uid: 'ada',
        firstName: 'Ada',
        lastName: 'Lovelace',
        email: 'ada@example.com',
        number: '+442071234567',
        timeZone: 'Europe/London',
        appVersion: '3.1.0',
        createdAt: '2025-01-10T00:00:00.000Z',
        meta: { plan: 'pro', age: 36, newsletter: true, renewsOn: '2027-01-15' },
      },
      devices: [{ platform: 'ios', lastSeenAt: ago(1) }],
      lists: [{ listId: list, subscribed: true, joinedAt: ago(1) }],
      segments: [{ segmentId: segment, suppressed: false }],
      events: [purchase(1, 120, 'EUR'), purchase(10, 80, 'EUR'), purchase(29, 40, 'EUR')],
    },
    {
      user: {
        ...nobody,
        id: rowId(12),
        uid: 'ben',
        firstName: 'Ben',
        lastName: 'Okri',
        email: 'Ben@Example.org',
        number: '+2348012345678',
        timeZone: 'Africa/Lagos',
        appVersion: '3.10.0',
        createdAt: '2026-06-01T00:00:00.000Z',
        meta: { plan: 'Free', age: 25, newsletter: false },
      },
      devices: [{ platform: 'android', lastSeenAt: ago(1) }],
      lists: [{ listId: list, subscribed: false, joinedAt: ago(1) }],
      segments: [{ segmentId: segment, suppressed: true }],
      events: [purchase(90, 15, 'USD')],
    },
    {
      user: {
        ...nobody,
        id: rowId(13),
        uid: 'chloe',
        firstName: 'Chloé',
        createdAt: '2024-03-05T00:00:00.000Z',
        meta: { plan: 5, city: 'Lyon' },
      },
      devices: [],
      lists: [],
      segments: [],
      events: [{ name: 'Opened app', value: null, properties: {}, timestamp: Date.parse(ago(1)) }],
    },
    {
      user: {
        ...nobody,
        id: rowId(14),
        uid: 'dan',
        firstName: 'Adastra',
        isAccount: true,
        email: 'dan@example.com',
        createdAt: '2026-06-01T00:00:00.000Z',
      },
      devices: [],
      lists: [],
      segments: [],
      events: [],
    },
  ];
}

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp();
  await insertPeople(app, people());
  await declareAll(app, { age: 'NUMBER', plan: 'STRING', renewsOn: 'DATE_TIME' });
  await storeValues(app);
});
afterAll(() => app[Symbol.asyncDispose]());

const data = z.object({ users: z.object({ nodes: z.array(z.object({ uid: z.string() })), totalCount: z.int() }) });

async function uidsOf(args: string): Promise<{ uids: string[]; count: number }> {
  const text = args.replace('LIST', rowGlobalId('List', 1)).replace('SEGMENT', rowGlobalId('Segment', 1));
  const { data: found, errors } = await app.send(`{ users(${text}) { nodes { uid } totalCount } }`);
  expect(errors).toBeUndefined();
  const { nodes, totalCount } = data.parse(found).users;
  return { uids: nodes.map(({ uid }) => uid), count: totalCount };
}

describe('The examples of docs/filters.md', () => {
  it('are all read from the page', () => {
    expect(rows).toHaveLength(page.split('\n').filter((line) => line.startsWith('| `{')).length);
    expect(rows.length).toBeGreaterThan(60);
    expect(searches).toHaveLength(page.split('\n').filter((line) => line.startsWith('| `"')).length);
    expect(searches.length).toBeGreaterThan(10);
  });

  it.each(rows.filter((row) => !isOrder(row)))('$input', async ({ input, uids }) => {
    const found = await uidsOf(`where: ${input}`);
    expect({ ...found, uids: found.uids.toSorted() }).toEqual({ uids, count: uids.length });
  });

  it.each(rows.filter(isOrder))('orderBy: $input', async ({ input, uids }) => {
    expect((await uidsOf(`orderBy: ${input}`)).uids).toEqual(uids);
  });

  it.each(searches)('search: "$search"', async ({ search, uids }) => {
    expect(await uidsOf(`search: ${JSON.stringify(search)}`)).toEqual({ uids, count: uids.length });
  });

  it('use every field of filters and orders', () => {
    const used = new Set(rows.flatMap((row) => coordinatesIn(row.input, isOrder(row) ? 'UserOrder' : 'UserFilter')));
    const all = new Set([...coordinatesWithin('UserFilter'), ...coordinatesWithin('UserOrder')]);
    expect(all.size).toBeGreaterThan(70);
    expect([...all.difference(used)]).toEqual([]);
  });
});
