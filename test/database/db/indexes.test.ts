import { Client } from 'pg';
import { expect, it, vi } from 'vitest';
import { BUSY } from '../../../src/db/advisory-locks.ts';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../../../src/db/client.ts';
import { type IndexName, indexNames } from '../../../src/db/indexes/catalogue.ts';
import { createIndex, dropIndex, type IndexProgress } from '../../../src/db/indexes/manage.ts';
import { readIndexNotices } from '../../../src/db/indexes/notices.ts';
import { readIndexStates } from '../../../src/db/indexes/state.ts';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { partitionEvents } from '../../../src/db/partitions/convert.ts';
import { startApp } from '../../kit/app.ts';
import { createDatabase, createEmptyDatabase, type TestDatabase } from '../../kit/database.ts';
import { creation } from '../../kit/indexes.ts';
import { begin, firstPartition, itUnlessPartitioned } from '../../kit/partitions.ts';
import { createRole } from '../../kit/role.ts';
import { seedUsers } from '../../kit/seed-rows.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const stateOf = async (db: DatabaseClient, name: IndexName) =>
  (await readIndexStates(db)).find((state) => state.name === name)?.state;

/** Opens a transaction that has written a user, for which CREATE INDEX CONCURRENTLY waits. */
async function writeUser({ connection }: TestDatabase) {
  const client = new Client(connection);
  await client.connect();
  await client.query('BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE');
  return client;
}

it('are created with their extensions, listed, and dropped', async () => {
  await using database = await createDatabase();
  const { db } = database;
  expect(await stateOf(db, 'attributes')).toBe('valid');
  const optional = indexNames.filter((name) => name !== 'attributes');
  for (const name of optional) {
    expect(await stateOf(db, name)).toBe('missing');
    expect(await createIndex(db, name, creation)).toBe(true);
    expect(await createIndex(db, name, creation)).toBe(false);
    expect(await stateOf(db, name)).toBe('valid');
  }
  await db.indexes.refresh(db);
  expect(indexNames.filter((name) => db.indexes.has(name))).toEqual(indexNames);
  for (const name of optional) {
    expect(await dropIndex(db, name)).toBe(true);
    expect(await dropIndex(db, name)).toBe(false);
  }
  await db.indexes.refresh(db);
  expect(indexNames.filter((name) => db.indexes.has(name))).toEqual(['attributes']);
});

it('are created again after an interruption has left an invalid one', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const writer = await writeUser(database);
  const interruption = new AbortController();
  const progress: IndexProgress[] = [];
  const created = createIndex(db, 'updated-at', {
    ...creation,
    onProgress: (each) => progress.push(each),
    signal: interruption.signal,
  });
  const failed = expect(created).rejects.toThrow('indexes create updated-at');
  await vi.waitFor(() => expect(progress.at(-1)?.phase).toMatch(/^waiting for /));
  expect(await stateOf(db, 'updated-at')).toBe('creating');
  expect(await readIndexNotices(db)).toEqual([]);
  await expect(createIndex(db, 'field-text', creation)).rejects.toThrow(BUSY);
  interruption.abort();
  await failed;
  await writer.end();
  expect(await stateOf(db, 'updated-at')).toBe('invalid');
  await db.indexes.refresh(db);
  expect(db.indexes.has('updated-at')).toBe(false);
  expect(await readIndexNotices(db)).toEqual([
    'Index users_updated_at_idx of users is invalid: it slows down writes and serves no reads. Replace it with npm run cli -- indexes create updated-at.',
  ]);
  expect(await createIndex(db, 'updated-at', creation)).toBe(true);
  expect(await stateOf(db, 'updated-at')).toBe('valid');
});

it('are not created again if another process has created them meanwhile', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const other = new Client(database.connection);
  await other.connect();
  // The creation waits for this lock after it has seen that the index is missing.
  await other.query('BEGIN; LOCK TABLE pg_extension; CREATE INDEX events_properties_idx ON events (id)');
  const created = createIndex(db, 'event-properties', creation);
  await untilWaiting(database, 1);
  await other.query('COMMIT');
  await other.end();
  expect(await created).toBe(false);
  const [index] = await db.$queryRaw<object[]>`SELECT pg_get_indexdef('events_properties_idx'::regclass) AS definition`;
  expect(index).toEqual({ definition: expect.stringContaining('btree (id)') });
});

it('are not dropped while another session creates them, of a role that sees the statistics or does not', async () => {
  await using database = await createDatabase();
  const { db } = database;
  await using role = await createRole(database);
  const writer = await writeUser(database);
  const creator = new Client(database.connection);
  await creator.connect();
  const created = creator.query('CREATE INDEX CONCURRENTLY users_updated_at_idx ON users (updated_at)');
  await vi.waitFor(async () => expect(await stateOf(db, 'updated-at')).toBe('creating'));
  expect(await stateOf(role.db, 'updated-at')).toBe('creating');
  expect(await readIndexNotices(db)).toEqual([]);
  expect(await readIndexNotices(role.db)).toEqual([]);
  await expect(createIndex(db, 'updated-at', creation)).rejects.toThrow(
    'users_updated_at_idx is being created by another session. Retry when that has ended.',
  );
  await writer.end();
  await created;
  await creator.end();
  expect(await stateOf(role.db, 'updated-at')).toBe('valid');
});

itUnlessPartitioned('of partitions are being created while one of a partition is', async () => {
  await using database = await createDatabase({ poolSize: 2, isDirect: true });
  await using role = await createRole(database);
  // As the command, which waits for locks for a day.
  const db = openDatabase(database.connection, { poolSize: 2, timeouts: { ...DEFAULT_TIMEOUTS, lockMs: 86_400_000 } });
  await using stack = new AsyncDisposableStack();
  stack.defer(() => db.$disconnect());
  await partitionEvents(db);
  await using holder = await begin(database, `LOCK TABLE "${(await firstPartition(db)).name}" IN ROW EXCLUSIVE MODE`);
  const created = createIndex(db, 'event-properties', creation);
  await vi.waitFor(async () => expect(await stateOf(db, 'event-properties')).toBe('creating'));
  expect(await stateOf(role.db, 'event-properties')).toBe('creating');
  expect(await readIndexNotices(db)).toEqual([]);
  expect(await readIndexNotices(role.db)).toEqual([]);
  await holder.query('COMMIT');
  expect(await created).toBe(true);
  expect(await stateOf(role.db, 'event-properties')).toBe('valid');
});

itUnlessPartitioned('of partitions are invalid while another index of a partition is created', async () => {
  await using database = await createDatabase({ isDirect: true });
  const { db, connection } = database;
  await partitionEvents(db);
  const { name } = await firstPartition(db);
  await db.$executeRawUnsafe('CREATE INDEX events_properties_idx ON ONLY events (id)');
  await using holder = await begin(database, `LOCK TABLE "${name}" IN ROW EXCLUSIVE MODE`);
  const creator = new Client(connection);
  await creator.connect();
  await using stack = new AsyncDisposableStack();
  stack.defer(() => creator.end());
  const created = creator.query(`CREATE INDEX CONCURRENTLY mine ON "${name}" (name)`);
  await vi.waitFor(async () => {
    const { length } = await db.$queryRaw<
      object[]
    >`SELECT FROM pg_stat_progress_create_index WHERE phase LIKE 'waiting%'`;
    expect(length).toBe(1);
  });
  expect(await stateOf(db, 'event-properties')).toBe('invalid');
  expect(await readIndexNotices(db)).toContainEqual(
    expect.stringContaining('events_properties_idx of events is invalid'),
  );
  await holder.query('COMMIT');
  await created;
});

it('are not created after an interruption that no statement has noticed', async () => {
  await using database = await createDatabase();
  const signal = AbortSignal.abort(new Error('Interrupted.'));
  await expect(createIndex(database.db, 'updated-at', { ...creation, signal })).rejects.toThrow('Interrupted.');
  expect(await stateOf(database.db, 'updated-at')).toBe('missing');
});

it('do not block writes while they are created', async () => {
  await using app = await startApp({ ownDatabase: true });
  const client = new Client(app.connection);
  await client.connect();
  await client.query('BEGIN; LOCK TABLE users IN ROW EXCLUSIVE MODE');
  const created = createIndex(app.db, 'attribute-text', creation);
  await vi.waitFor(async () => expect(await stateOf(app.db, 'attribute-text')).toBe('creating'));
  await seedUsers(app, [1, 2]);
  await client.end();
  expect(await created).toBe(true);
});

it('cannot be created by a role that may not, and the message says so', async () => {
  await using database = await createDatabase();
  await using role = await createRole(database);
  const { db } = role;
  await expect(createIndex(db, 'updated-at', creation)).rejects.toThrow(
    /^The role may not change the indexes of users: must be owner of table users\. Connect as the role that owns the tables/,
  );
  await expect(createIndex(db, 'attribute-text', creation)).rejects.toThrow(
    /^The extension pg_trgm cannot be created: .*permission denied.* Let the owner of the database run CREATE EXTENSION pg_trgm\.$/,
  );
  await expect(dropIndex(db, 'attributes')).rejects.toThrow('The role may not change the indexes of users');
  await db.indexes.refresh(db);
  expect(db.indexes.has('attributes')).toBe(true);
});

it('are missing where the server lacks the extensions, and nothing else breaks', async ({ skip }) => {
  await using empty = await createEmptyDatabase();
  const admin = new Client(empty);
  await admin.connect();
  const { rowCount } = await admin.query("SELECT FROM pg_settings WHERE name = 'extension_control_path'");
  if (rowCount === 0) {
    await admin.end();
    skip('Before PostgreSQL 18, extensions cannot be hidden.');
  }
  // The server finds no extension there.
  await admin.query(
    `DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET extension_control_path = ''/nowhere''', current_database()); END $$`,
  );
  await admin.end();
  await migrate(empty);
  const db = openDatabase(empty, { poolSize: 2 });
  expect(await readIndexNotices(db)).toEqual([
    'Index users_meta_idx of users is missing, since the extension btree_gin is not installed; without it, these conditions are slower: attributes: eq, in, exists. Create it with npm run cli -- indexes create attributes.',
  ]);
  await db.indexes.refresh(db);
  expect(indexNames.filter((name) => db.indexes.has(name))).toEqual([]);
  await expect(createIndex(db, 'attributes', creation)).rejects.toThrow(
    /^The server does not have the extension btree_gin\. Install PostgreSQL's contrib/,
  );
  expect(await createIndex(db, 'updated-at', creation)).toBe(true);
  await db.$disconnect();
});

it('of trigrams are refused where LC_CTYPE is C, unless ASCII is enough', async () => {
  await using empty = await createEmptyDatabase("LOCALE_PROVIDER libc LC_COLLATE 'C' LC_CTYPE 'C'");
  await migrate(empty);
  const db = openDatabase(empty, { poolSize: 2 });
  await expect(createIndex(db, 'field-text', creation)).rejects.toThrow(/^LC_CTYPE is C: pg_trgm ignores/);
  expect(await createIndex(db, 'field-text', { ...creation, acceptsAsciiTrigrams: true })).toBe(true);
  await db.indexes.refresh(db);
  expect(db.indexes.hasAsciiTrigrams).toBe(true);
  expect(await readIndexNotices(db)).toEqual([
    'The LC_CTYPE of the database is C: field-text serve only texts in ASCII.',
  ]);
  await db.$disconnect();
});

it('find operator classes in any schema', async () => {
  await using database = await createDatabase();
  const { db } = database;
  await db.$executeRawUnsafe('CREATE SCHEMA "Other"');
  await db.$executeRawUnsafe('CREATE EXTENSION pg_trgm SCHEMA "Other"');
  expect(await createIndex(db, 'field-text', creation)).toBe(true);
});
