import { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { readUsers } from '../../../src/domain/users/read.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { graphql } from '../../generated/gql.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';

const CreateAt = graphql(`
  mutation CreateAt($at: DateTime!) {
    createUser(input: { uid: "u1", createdAt: $at }) { ... on CreateUserPayload { user { createdAt } } }
    addEvent(input: { uid: "u1", name: "Paid", timestamp: $at }) { ... on AddEventPayload { event { timestamp } } }
  }
`);

const EventsBetween = graphql(`
  query EventsBetween($since: DateTime, $until: DateTime) {
    user(uid: "u1") { createdAt events(where: { since: $since, until: $until }) { nodes { timestamp } } }
  }
`);

/** 01:00 of the next day in Auckland, during daylight saving time. */
const AT = '2021-03-31T12:00:00.000Z';
const EPOCH = Date.parse(AT) / 1000;

/** Sets the time zone of the database, and ends sessions with another one. */
async function moveToAuckland({ connectionString }: TestDatabase['connection']): Promise<void> {
  const client = new Client({ connectionString });
  await client.connect();
  await client.query(`DO $$ BEGIN
    EXECUTE format('ALTER DATABASE %I SET timezone TO ''Pacific/Auckland''', current_database());
  END $$`);
  await client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()`);
  await client.end();
}

/** The stored instants in seconds since 1970, read by a session in the database's time zone. */
async function storedIn({ connectionString }: TestDatabase['connection']) {
  const client = new Client({ connectionString });
  await client.connect();
  const { rows } = await client.query<{ zone: string; created: string; happened: string }>(`
    SELECT current_setting('TimeZone') AS zone, extract(epoch FROM users.created_at)::bigint::text AS created,
      extract(epoch FROM events.timestamp)::bigint::text AS happened
    FROM users JOIN events ON events.workspace_id = users.workspace_id AND events.user_id = users.id`);
  await client.end();
  return rows;
}

it('stores and reads the right instants in a database whose time zone is not UTC', async () => {
  await using database = await createDatabase();
  await moveToAuckland(database.connection);
  const { id } = await createWorkspace(database.db, 'Owner');
  const { user: created } = await createUser(database.db, actorOf({ workspaceId: id }), {
    uid: 'u1',
    createdAt: new Date(AT),
  });
  const { timestamp } = await addEvent(database.db, actorOf({ workspaceId: id }), {
    uid: 'u1',
    name: 'Paid',
    timestamp: new Date(AT),
  });
  expect([created.createdAt, timestamp]).toEqual([AT, AT]);
  const [user] = await readUsers(database.db, id, [{ uid: 'u1' }]);
  expect(user?.createdAt).toBe(AT);
  expect(await storedIn(database.connection)).toEqual([
    { zone: 'Pacific/Auckland', created: `${EPOCH}`, happened: `${EPOCH}` },
  ]);
});

it('takes now for now in a database whose time zone is not UTC', async () => {
  await using database = await createDatabase();
  await moveToAuckland(database.connection);
  const before = Date.now();
  const { id } = await createWorkspace(database.db, 'Owner');
  await createUser(database.db, actorOf({ workspaceId: id }), { uid: 'u1' });
  await addEvent(database.db, actorOf({ workspaceId: id }), { uid: 'u1', name: 'Paid' });
  const [stored] = await storedIn(database.connection);
  for (const epoch of [stored?.created, stored?.happened]) {
    expect(Number(epoch)).toBeGreaterThanOrEqual(Math.floor(before / 1000));
    expect(Number(epoch)).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  }
});

it('keeps to UTC beside the options of a URL, which it keeps too', async () => {
  await using database = await createDatabase();
  await moveToAuckland(database.connection);
  const url = new URL(database.connection.connectionString);
  url.searchParams.set('options', '-c TimeZone=Asia/Tokyo -c application_name=ours');
  const db = openDatabase({ connectionString: url.href });
  const settings = await db.$queryRaw`
    SELECT current_setting('TimeZone') AS zone, current_setting('application_name') AS name`;
  await db.$disconnect();
  expect(settings).toEqual([{ zone: 'UTC', name: 'ours' }]);
});

it('filters events by the right instants in a database whose time zone is not UTC', async () => {
  await using app = await startApp({ ownDatabase: true });
  await moveToAuckland(app.connection);
  // The pool notices the end of a session later.
  await vi.waitFor(() => expect(app.db.pool.totalCount).toBe(0));
  const at = (shift: number) => new Date(Date.parse(AT) + shift).toISOString();
  await app.run(CreateAt, { at: '2000-01-01T00:00:00Z' });
  await app.db.$executeRaw`UPDATE users SET created_at = to_timestamp(${EPOCH})`;
  await app.db.$executeRaw`UPDATE events SET timestamp = to_timestamp(${EPOCH})`;
  const found = { user: { createdAt: AT, events: { nodes: [{ timestamp: AT }] } } };
  const nothing = { user: { createdAt: AT, events: { nodes: [] } } };
  expect(await app.run(EventsBetween, { since: AT })).toEqual(found);
  expect(await app.run(EventsBetween, { since: at(1) })).toEqual(nothing);
  expect(await app.run(EventsBetween, { until: at(1) })).toEqual(found);
  expect(await app.run(EventsBetween, { until: AT })).toEqual(nothing);
});
