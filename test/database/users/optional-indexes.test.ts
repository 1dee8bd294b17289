import { Client } from 'pg';
import { expect, it } from 'vitest';
import type { ReadDb } from '../../../src/db/client.ts';
import type { Prisma } from '../../../src/db/generated/client.ts';
import { standardIndexes } from '../../../src/db/indexes/catalogue.ts';
import { dropIndex } from '../../../src/db/indexes/manage.ts';
import { readOrderedPage } from '../../../src/db/reading/ordered/page.ts';
import type { UserFilter } from '../../../src/domain/users/filter/input.ts';
import { matchingUsers } from '../../../src/domain/users/query.ts';
import { startApp } from '../../kit/app.ts';
import { createAllIndexes } from '../../kit/indexes.ts';

const USERS = 4_000;

// Both workspaces have the same data, so that a condition without its workspace would find too much.
const app = await startApp({ ownDatabase: true });
const { db, workspaceId, stranger } = app;
for (const workspace of [workspaceId, stranger.workspaceId]) {
  await db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, first_name, email, number, meta, created_at, updated_at)
    SELECT ${workspace}::uuid, gen_random_uuid(), 'u' || n, CASE WHEN n % 50 = 7 THEN 'Жанна' ELSE 'Ada' END, md5(n::text) || '@example.com',
      '+23480' || lpad(n::text, 8, '0'), jsonb_build_object('reference', md5((n + 1)::text), 'city', 'Łódź ' || n % 100),
      now(), now() - n * interval '1 hour'
    FROM generate_series(1, ${USERS}::int) AS n`;
  await db.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, properties, timestamp)
    SELECT workspace_id, gen_random_uuid(), id, 'Paid', jsonb_build_object('sku', 'S' || substr(uid, 2)), now()
    FROM users WHERE workspace_id = ${workspace}::uuid`;
}
await createAllIndexes(db);

const now = new Date();

async function idsOf(handle: ReadDb, where: UserFilter) {
  const { rows } = await readOrderedPage(handle, matchingUsers(workspaceId, { where }, now), {
    size: 100,
    from: 'start',
  });
  return rows.map(({ id }) => id);
}

/** Reads a page, and the plans of its statements. */
async function readWithPlans(where: UserFilter) {
  const statements: Prisma.Sql[] = [];
  const recording: ReadDb = {
    indexes: db.indexes,
    query: (query, ...values) => db.query(query, ...values),
    queryOnce: (statement) => {
      statements.push(statement);
      return db.queryOnce(statement);
    },
  };
  const ids = await idsOf(recording, where);
  const client = new Client(app.connection);
  await client.connect();
  const plans: string[] = [];
  for (const { text, values } of statements) {
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN ${text}`, values);
    plans.push(...rows.map((row) => row['QUERY PLAN']));
  }
  await client.end();
  return { ids, plans: await withParentIndexes(plans.join('\n')) };
}

/** Plans with the names of indexes of partitioned tables in place of those of their partitions. */
async function withParentIndexes(plans: string): Promise<string> {
  const indexes = await db.$queryRaw<{ name: string; parent: string }[]>`
    SELECT child.relname::text AS name, parent.relname::text AS parent FROM pg_inherits
    JOIN pg_class AS parent ON parent.oid = inhparent AND parent.relkind = 'I' JOIN pg_class AS child ON child.oid = inhrelid`;
  return indexes.reduce((text, { name, parent }) => text.replaceAll(`${name} `, `${parent} `), plans);
}

it.each<[string, UserFilter, number]>([
  ['users_meta_text_idx', { meta: [{ key: 'reference', string: { contains: '81E728D9D4C2' } }] }, 1],
  ['users_meta_text_idx', { meta: [{ key: 'reference', string: { startsWith: 'C81E728D9' } }] }, 1],
  ['users_meta_text_idx', { meta: [{ key: 'city', string: { endsWith: 'ŁÓDŹ 42' } }] }, 40],
  ['users_fields_text_idx', { email: { contains: 'c4ca4238a0' } }, 1],
  ['users_fields_text_idx', { email: { endsWith: '6F75849B@example.com' } }, 1],
  ['users_fields_text_idx', { firstName: { contains: 'АНН' } }, 80],
  ['users_fields_text_idx', { number: { contains: '000003904' } }, 1],
  [
    'events_properties_idx',
    { events: [{ name: { eq: 'paid' }, properties: [{ key: 'sku', string: { eq: 's42' } }] }] },
    1,
  ],
  ['users_updated_at_idx', { updatedAt: { gte: new Date(now.getTime() - 3.5 * 3_600_000) } }, 3],
])('%s finds the users of %j', async (index, where, count) => {
  const { ids, plans } = await readWithPlans(where);
  expect(plans).toContain(index);
  expect(ids).toHaveLength(count);
  const without: ReadDb = { query: db.query, queryOnce: db.queryOnce, indexes: standardIndexes };
  expect(ids).toEqual(await idsOf(without, where));
});

it('that has been dropped since it was read makes a filter slower, not wrong', async () => {
  const where: UserFilter = { meta: [{ key: 'city', string: { endsWith: 'ŁÓDŹ 43' } }] };
  const found = await idsOf(db, where);
  await dropIndex(db, 'attribute-text');
  expect(db.indexes.has('attribute-text')).toBe(true);
  expect(await idsOf(db, where)).toEqual(found);
  expect(found).toHaveLength(40);
});
