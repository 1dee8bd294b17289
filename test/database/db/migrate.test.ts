import { describe, expect, it } from 'vitest';
import { migrate, pendingMigrations } from '../../../src/db/migrations/migrate.ts';
import { copyPrisma, type EmptyDatabase, openEmptyDatabase } from '../../kit/migrations.ts';

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
    await using copy = await copyPrisma();
    await migrate(database, copy.migrations);

    const sql = await copy.read('20261123000000_init');
    await copy.write('20261123000000_init', sql.replaceAll('\n', '\r\n'));
    expect(await migrate(database, copy.migrations)).toEqual([]);

    await copy.write('20261123000000_init', `${sql}-- edited`);
    await expect(migrate(database, copy.migrations)).rejects.toThrow(
      /^Migration 20261123000000_init was edited after it was applied: .+$/,
    );
  });

  it('undoes a migration that fails, refuses it until it is allowed again, then applies it', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write('20990101000000_broken', 'CREATE TABLE half_done ();\nCREATE TABLE users ();');

    const failure =
      /^Migration 20990101000000_broken failed: relation "users" already exists\. .*allow it again: (.+)$/;
    const error = await migrate(database, copy.migrations).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'MigrationError', message: expect.stringMatching(failure) });
    await expect(migrate(database, copy.migrations)).rejects.toThrow(failure);
    expect(await database.rows("SELECT to_regclass('half_done') AS half_done")).toEqual([{ half_done: null }]);
    expect(await pendingMigrations(database.rows, copy.migrations)).toEqual(['20990101000000_broken']);

    await database.rows(failure.exec(error instanceof Error ? error.message : '')?.[1] ?? '');
    await copy.write('20990101000000_broken', 'CREATE TABLE half_done ();');
    expect(await migrate(database, copy.migrations)).toEqual(['20990101000000_broken']);
  });

  it('applies scripts with semicolons inside functions, strings and comments', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(
      '20990101000000_function',
      "-- one; two\nCREATE FUNCTION answer() RETURNS text LANGUAGE plpgsql AS $$ BEGIN RETURN 'a;b'; END $$;",
    );

    await migrate(database, copy.migrations);
    expect(await database.rows('SELECT answer()')).toEqual([{ answer: 'a;b' }]);
  });

  it('leaves a database of a newer version alone', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write('20990101000000_newer', 'CREATE TABLE newer ();');
    await migrate(database, copy.migrations);

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

async function history({ rows }: EmptyDatabase) {
  return (await rows('SELECT migration_name FROM _prisma_migrations ORDER BY started_at')).map(
    (row) => row.migration_name,
  );
}
