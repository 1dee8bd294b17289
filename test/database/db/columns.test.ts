import { expect, it } from 'vitest';
import { Prisma } from '../../../src/db/generated/client.ts';
import { columnsOf, readRows } from '../../../src/db/reading/columns.ts';
import { createDatabase } from '../../kit/database.ts';

interface Thing {
  id: string;
  label: string | null;
  value: unknown;
  at: string | null;
  ownerId: number;
}

const columns = columnsOf<Thing>(
  {
    id: Prisma.sql`things.id`,
    label: Prisma.sql`things.label`,
    value: Prisma.sql`things.value`,
    at: { instant: Prisma.sql`things.at` },
    ownerId: Prisma.sql`things.owner_id`,
  },
  ['id'],
);

const statement = Prisma.sql`
  SELECT ${columns.list}
  FROM (VALUES
    ('b', E'"\\\\\\n\\u2028😀', '{"n":1.5,"s":"null"}'::jsonb, '2021-01-12 05:24:39.0629+00'::timestamptz, 1),
    ('a', NULL, NULL, NULL, 2),
    ('c', '', 'null'::jsonb, 'infinity'::timestamptz, 3),
    ('d', 'x', '[]'::jsonb, '0044-03-15 12:00:00 BC'::timestamptz, 4)
  ) AS things(id, label, value, at, owner_id)`;

const things: Thing[] = [
  { id: 'b', label: '"\\\n\u2028😀', value: { n: 1.5, s: 'null' }, at: '2021-01-12T05:24:39.062Z', ownerId: 1 },
  { id: 'a', label: null, value: null, at: null, ownerId: 2 },
  { id: 'c', label: '', value: null, at: 'infinity', ownerId: 3 },
  { id: 'd', label: 'x', value: [], at: '-000043-03-15T12:00:00.000Z', ownerId: 4 },
];

it('reads many rows as it reads few, in their order', async () => {
  await using database = await createDatabase();
  for (const keys of [1, 100]) expect(await readRows(database.db, columns, { statement, keys })).toEqual(things);
});

it('reads no rows', async () => {
  await using database = await createDatabase();
  const none = Prisma.sql`${statement} WHERE false`;
  for (const keys of [1, 100]) expect(await readRows(database.db, columns, { statement: none, keys })).toEqual([]);
});

it('reads only the selected properties of many rows, and those that are always read', async () => {
  await using database = await createDatabase();
  const read = (...wanted: string[]) =>
    readRows(database.db, columns, { statement, keys: 100, wanted: new Set(wanted) });
  expect(await read('label', 'at', 'unknown')).toEqual(things.map(({ id, label, at }) => ({ id, label, at })));
  expect(await read('ownerId')).toEqual(things.map(({ id, ownerId }) => ({ id, ownerId })));
  expect(await read()).toEqual(things.map(({ id }) => ({ id })));
});

it('has one text for all choices', () => {
  const texts = [['id'], ['label', 'value']].map((wanted) => columns.arrays(new Set(wanted)).text);
  expect(new Set(texts).size).toBe(1);
});
