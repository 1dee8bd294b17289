import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { MIGRATIONS_DIRECTORY, migrate, pendingMigrations } from '../../src/db/migrate.ts';
import { diffSchemas, EMPTY_SCHEMA } from '../../src/db/schema-engine.ts';
import { createEmptyDatabase } from '../kit/database.ts';

const schema = await readFile(join(MIGRATIONS_DIRECTORY, '../schema.prisma'), 'utf8');

describe('the committed migrations', () => {
  it('make the database that the schema describes', async () => {
    await using migrated = await openEmptyDatabase();
    await using described = await openEmptyDatabase();
    await migrate(migrated);
    await described.rows((await diffSchemas(EMPTY_SCHEMA, schema)) ?? '');
    await migrated.rows('DROP TABLE _prisma_migrations');

    const catalogue = await readCatalogue(migrated);
    expect(catalogue.columns.length).toBeGreaterThan(0);
    expect(catalogue).toEqual(await readCatalogue(described));
  });

  it('end at the schema: none was forgotten', async () => {
    const snapshot = await readFile(join(MIGRATIONS_DIRECTORY, 'schema.prisma.snapshot'), 'utf8');
    expect(await diffSchemas(snapshot, schema), 'run npm run db:migration NAME').toBeNull();
  });

  it('lead every key, unique index and foreign key with workspace_id, and cascade every deletion', async () => {
    await using database = await openEmptyDatabase();
    await migrate(database);

    const indexes = await database.rows(`
      SELECT c.relname AS name, i.indisunique AS unique, a.attname AS first
      FROM pg_index i
      JOIN pg_class c ON c.oid = i.indexrelid
      JOIN pg_class t ON t.oid = i.indrelid
      LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
      WHERE t.relnamespace = 'public'::regnamespace AND t.relname <> '_prisma_migrations'`);
    expect(indexes.length).toBeGreaterThan(9);
    // A key is looked up before its workspace is known.
    expect(indexes.filter(({ first }) => first !== 'workspace_id')).toEqual([
      { name: 'api_keys_public_key_idx', unique: false, first: 'public_key' },
    ]);

    const foreignKeys = await database.rows(`
      SELECT f.conname AS name, f.confdeltype AS "onDelete", own.attname AS own, other.attname AS other
      FROM pg_constraint f
      JOIN pg_attribute own ON own.attrelid = f.conrelid AND own.attnum = f.conkey[1]
      JOIN pg_attribute other ON other.attrelid = f.confrelid AND other.attnum = f.confkey[1]
      WHERE f.contype = 'f' AND f.connamespace = 'public'::regnamespace`);
    expect(foreignKeys.length).toBeGreaterThan(0);
    for (const foreignKey of foreignKeys) {
      expect(foreignKey).toMatchObject({ onDelete: 'c', own: 'workspace_id', other: 'workspace_id' });
    }
  });
});

describe('migrate', () => {
  it('applies what is pending, then nothing', async () => {
    await using database = await openEmptyDatabase();
    const pending = await pendingMigrations(database.rows);
    expect(pending).toContain('20261123000000_init');

    expect(await migrate(database)).toEqual(pending);
    expect(await pendingMigrations(database.rows)).toEqual([]);
    expect(await migrate(database)).toEqual([]);
    expect(await history(database)).toEqual(pending);
  });

  it('is safe to run from ten processes at once', async () => {
    await using database = await openEmptyDatabase();
    const pending = await pendingMigrations(database.rows);

    const applied = await Promise.all(Array.from({ length: 10 }, () => migrate(database)));
    expect(applied.flat()).toEqual(pending);
    expect(await history(database)).toEqual(pending);
  });

  it('takes line endings for no edit, but refuses a migration that was edited after it was applied', async () => {
    await using database = await openEmptyDatabase();
    await using folder = await copyMigrations();
    await migrate(database, folder.path);

    const sql = await folder.read('20261123000000_init');
    await folder.write('20261123000000_init', sql.replaceAll('\n', '\r\n'));
    expect(await migrate(database, folder.path)).toEqual([]);

    await folder.write('20261123000000_init', `${sql}-- edited`);
    await expect(migrate(database, folder.path)).rejects.toThrow(
      /^Migration 20261123000000_init was edited after it was applied: .+$/,
    );
  });

  it('undoes a migration that fails, refuses it until it is allowed again, then applies it', async () => {
    await using database = await openEmptyDatabase();
    await using folder = await copyMigrations();
    await folder.write('20990101000000_broken', 'CREATE TABLE half_done ();\nCREATE TABLE users ();');

    const failure =
      /^Migration 20990101000000_broken failed: relation "users" already exists\. .*allow it again: (.+)$/;
    const error = await migrate(database, folder.path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'MigrationError', message: expect.stringMatching(failure) });
    await expect(migrate(database, folder.path)).rejects.toThrow(failure);
    expect(await database.rows("SELECT to_regclass('half_done') AS half_done")).toEqual([{ half_done: null }]);
    expect(await pendingMigrations(database.rows, folder.path)).toEqual(['20990101000000_broken']);

    await database.rows(failure.exec(error instanceof Error ? error.message : '')?.[1] ?? '');
    await folder.write('20990101000000_broken', 'CREATE TABLE half_done ();');
    expect(await migrate(database, folder.path)).toEqual(['20990101000000_broken']);
  });

  it('applies scripts with semicolons inside functions, strings and comments', async () => {
    await using database = await openEmptyDatabase();
    await using folder = await copyMigrations();
    await folder.write(
      '20990101000000_function',
      "-- one; two\nCREATE FUNCTION answer() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a;b'; END $$;",
    );

    await migrate(database, folder.path);
    expect(await database.rows('SELECT answer()')).toEqual([{ answer: 'a;b' }]);
  });

  it('leaves a database of a newer version alone', async () => {
    await using database = await openEmptyDatabase();
    await using folder = await copyMigrations();
    await folder.write('20990101000000_newer', 'CREATE TABLE newer ();');
    await migrate(database, folder.path);

    expect(await migrate(database)).toEqual([]);
    expect(await pendingMigrations(database.rows)).toEqual([]);
  });

  it.each([
    [
      'postgres://postgres@127.0.0.1:1/none',
      /^Cannot connect to the database at 127\.0\.0\.1:1: connect ECONNREFUSED .+$/,
    ],
    ['postgres://localhost:port/none', /^Cannot connect to the database: Invalid URL$/],
  ])('says in one line why %s cannot be reached', async (connectionString, message) => {
    await expect(migrate({ connectionString })).rejects.toThrow(message);
  });
});

interface OpenDatabase extends AsyncDisposable {
  connectionString: string;
  rows(sql: string): Promise<Record<string, unknown>[]>;
}

async function openEmptyDatabase(): Promise<OpenDatabase> {
  const database = await createEmptyDatabase();
  const client = new pg.Client({ connectionString: database.connectionString });
  await client.connect();
  return {
    connectionString: database.connectionString,
    rows: async (sql) => (await client.query<Record<string, unknown>>(sql)).rows,
    async [Symbol.asyncDispose]() {
      await client.end();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** A copy of the committed migrations, to be changed. */
async function copyMigrations() {
  const path = await mkdtemp(join(tmpdir(), 'usergraph-migrations-'));
  await cp(MIGRATIONS_DIRECTORY, path, { recursive: true });
  const file = (name: string) => join(path, name, 'migration.sql');
  return {
    path,
    read: (name: string) => readFile(file(name), 'utf8'),
    async write(name: string, sql: string) {
      await mkdir(join(path, name), { recursive: true });
      await writeFile(file(name), sql);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true }),
  };
}

async function history({ rows }: OpenDatabase) {
  return (await rows('SELECT migration_name FROM _prisma_migrations ORDER BY started_at')).map(
    (row) => row.migration_name,
  );
}

async function readCatalogue({ rows }: OpenDatabase) {
  return {
    columns: await rows(`
      SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type,
        a.attnotnull AS required, pg_get_expr(d.adbin, d.adrelid) AS default
      FROM pg_attribute a
      JOIN pg_class c ON c.oid = a.attrelid
      LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
      WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped
      ORDER BY 1, 2`),
    indexes: await rows(`SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`),
    constraints: await rows(`
      SELECT conrelid::regclass::text AS table, conname, pg_get_constraintdef(oid) AS definition
      FROM pg_constraint WHERE connamespace = 'public'::regnamespace ORDER BY 1, 2`),
    enums: await rows(`
      SELECT t.typname, e.enumlabel FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid
      WHERE t.typnamespace = 'public'::regnamespace ORDER BY t.typname, e.enumsortorder`),
  };
}
