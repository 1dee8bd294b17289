import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { describe, expect, it, vi } from 'vitest';
import { MIGRATIONS_DIRECTORY, migrate, pendingMigrations } from '../../../src/db/migrations/migrate.ts';
import { copyPrisma, type EmptyDatabase, openEmptyDatabase } from '../../kit/migrations.ts';
import { runProgram } from '../../kit/program.ts';

const BROKEN = '20990101000000_broken';
const ADDITION = '20990101000000_addition';

/** An error that names the failed migration and ends with the statement that allows another attempt. */
const failedFor = (reason: string) =>
  new RegExp(`^Migration ${BROKEN} ${reason}\\. To recover, .*, and migrate again: (UPDATE .+)$`);

const messageOf = (failing: Promise<unknown>): Promise<string> =>
  failing.then(
    () => '',
    (error: unknown) => (error instanceof Error ? `${error.message}` : ''),
  );

/** Another session of a database. */
async function openSession({ connectionString }: EmptyDatabase) {
  const client = new Client({ connectionString });
  await client.connect();
  return { query: (sql: string) => client.query(sql), [Symbol.asyncDispose]: () => client.end() };
}

async function history({ rows }: EmptyDatabase) {
  const records = await rows('SELECT migration_name FROM _prisma_migrations ORDER BY started_at');
  return records.map((record) => record.migration_name);
}

const exists = async ({ rows }: EmptyDatabase, table: string) =>
  (await rows(`SELECT to_regclass('${table}') IS NOT NULL AS exists`))[0]?.exists;

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

  it('accepts other line endings, but rejects a migration that was edited after it was applied', async () => {
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

  it('rolls back a migration that fails, rejects it until it is marked as rolled back, then applies it', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'CREATE TABLE half_done ();\nSELECT 1;\nSELECT nonsense;');

    const failure = failedFor(
      'failed: column "nonsense" does not exist \\(SQLSTATE 42703, line 3 of migration\\.sql\\)',
    );
    const error = await migrate(database, copy.migrations).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'MigrationError', message: expect.stringMatching(failure) });
    await expect(migrate(database, copy.migrations)).rejects.toThrow(failure);
    expect(await exists(database, 'half_done')).toBe(false);
    expect(await pendingMigrations(database.rows, copy.migrations)).toEqual([BROKEN]);

    await database.rows(failure.exec(error instanceof Error ? error.message : '')?.[1] ?? '');
    await copy.write(BROKEN, 'CREATE TABLE half_done ();');
    expect(await migrate(database, copy.migrations)).toEqual([BROKEN]);
  });

  it('rejects a statement that cannot run in a transaction', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'CREATE INDEX CONCURRENTLY more ON users (workspace_id);');
    await expect(migrate(database, copy.migrations)).rejects.toThrow(
      failedFor('failed: CREATE INDEX CONCURRENTLY cannot .+ \\(SQLSTATE 25001\\); migrations run in a transaction'),
    );
  });

  it('does not take a migration that ended its own transaction for applied or for rolled back', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'CREATE TABLE half_done (); ROLLBACK;');
    await expect(migrate(database, copy.migrations)).rejects.toThrow(
      `Migration ${BROKEN} could not be applied: migration.sql ended its transaction with ROLLBACK`,
    );
    await copy.write(BROKEN, 'CREATE TABLE half_done (); COMMIT; SELECT nonsense;');
    const failure = failedFor('failed: .+ \\(SQLSTATE 42703, line 1 of migration\\.sql\\)');
    await expect(migrate(database, copy.migrations)).rejects.toThrow(failure);
    await expect(migrate(database, copy.migrations)).rejects.toThrow(failure);
    expect(await exists(database, 'half_done')).toBe(true);
  });

  it('applies a migration again after its process was killed', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await migrate(database, copy.migrations);
    await copy.write(BROKEN, 'CREATE TABLE half_done (); SELECT pg_sleep(1);');

    const source = `
      import { migrate } from ${JSON.stringify(resolve('src/db/migrations/migrate.ts'))};
      await migrate({ connectionString: process.argv[1] }, process.argv[2]);`;
    const migrating = spawn(
      process.execPath,
      ['--input-type=module', '-e', source, database.connectionString, copy.migrations],
      { stdio: 'ignore' },
    );
    const untilApplying = async () => {
      const applying = await database.rows(`
        SELECT FROM pg_stat_activity
        WHERE datname = current_database() AND wait_event = 'PgSleep' AND query LIKE '%half_done%'`);
      expect(applying).toHaveLength(1);
    };
    await vi.waitFor(untilApplying, { timeout: 10_000, interval: 20 });
    migrating.kill('SIGKILL');
    await once(migrating, 'exit');

    expect(await exists(database, 'half_done')).toBe(false);
    expect(await migrate(database, copy.migrations)).toEqual([BROKEN]);
    expect(await history(database)).toEqual(await copy.list());
  });

  it('records nothing of a migration whose session ended', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'CREATE TABLE half_done (); SELECT pg_terminate_backend(pg_backend_pid());');
    await expect(migrate(database, copy.migrations)).rejects.toThrow(`Migration ${BROKEN} could not be applied: `);
    await copy.write(BROKEN, 'CREATE TABLE half_done ();');
    expect(await migrate(database, copy.migrations)).toEqual([BROKEN]);
  });

  it('waits for Prisma to finish a migration, which it records before it applies it', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'CREATE TABLE half_done ();');
    await migrate(database, copy.migrations);

    await database.rows('SELECT pg_advisory_lock(72707369)');
    await database.rows(`UPDATE _prisma_migrations SET finished_at = NULL WHERE migration_name = '${BROKEN}'`);
    const migrating = migrate(database, copy.migrations);
    const isWaiting = async () => {
      const locks = await database.rows(`
        SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
      expect(locks).toHaveLength(1);
    };
    await Promise.race([migrating, vi.waitFor(isWaiting)]);
    await database.rows(`UPDATE _prisma_migrations SET finished_at = now() WHERE migration_name = '${BROKEN}'`);
    await database.rows('SELECT pg_advisory_unlock(72707369)');
    expect(await migrating).toEqual([]);
  });

  it('gives up waiting for another session, and names it', async () => {
    await using database = await openEmptyDatabase();
    await database.rows("SET application_name TO 'other'");
    const [own] = await database.rows('SELECT pg_advisory_lock(72707369), pg_backend_pid() AS pid');
    const holder = `the session with pid ${own?.pid} \\(other, idle since \\S+ \\S+Z\\)`;
    const lines: string[] = [];
    const options = { lockWaitMs: 100, onWaiting: (line: string) => void lines.push(line) };
    await expect(migrate(database, MIGRATIONS_DIRECTORY, options)).rejects.toThrow(
      new RegExp(
        `^Gave up after 0\\.1 s: ${holder} holds the lock of migrations\\. Wait .+ run npm run db:migrate again\\.$`,
      ),
    );
    expect(lines).toEqual([
      expect.stringMatching(new RegExp(`^Waiting for up to 0\\.1 s for ${holder}, which is applying migrations\\.$`)),
    ]);
    await database.rows('SELECT pg_advisory_unlock(72707369)');
    expect(await migrate(database, MIGRATIONS_DIRECTORY, options)).not.toEqual([]);
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

  it('is not subject to the timeouts of the role', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write('20990101000000_slow', 'SELECT pg_sleep(0.3)');
    const [{ name, role } = {}] = await database.rows('SELECT current_database() AS name, current_user AS role');
    await database.rows(`ALTER ROLE "${role}" IN DATABASE "${name}" SET statement_timeout = 100`);
    expect(await migrate(database, copy.migrations)).toContain('20990101000000_slow');
  });

  it('resets the settings of the session between migrations', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(
      '20990101000000_settings',
      "CREATE SCHEMA aside; SET search_path TO aside; SET TIME ZONE 'Asia/Tokyo';",
    );
    await copy.write('20990101000001_after', "CREATE TABLE zone AS SELECT current_setting('TimeZone') AS zone;");
    await migrate(database, copy.migrations);
    expect(await database.rows('SELECT zone FROM public.zone')).toEqual([{ zone: 'UTC' }]);
  });

  it('lets statements of gateways pass while another transaction holds a lock that it needs', async () => {
    await using database = await openEmptyDatabase();
    await migrate(database);
    await using copy = await copyPrisma();
    await copy.write(ADDITION, 'ALTER TABLE users ADD COLUMN extra text');
    await using dump = await openSession(database);
    await dump.query('BEGIN; LOCK TABLE users IN ACCESS SHARE MODE');
    const lockRetries = { timeoutMs: 200, pauseMs: 100, attempts: 2 };
    await expect(migrate(database, copy.migrations, { lockRetries })).rejects.toThrow(
      /^Migration \w+ did not get its locks in 2 attempts, and was rolled back\. End the transactions/,
    );
    expect(await history(database)).not.toContain(ADDITION);

    const onWaiting = vi.fn();
    const migrating = migrate(database, copy.migrations, {
      lockRetries: { ...lockRetries, attempts: 1_000 },
      onWaiting,
    });
    await vi.waitFor(() => expect(onWaiting).toHaveBeenCalledWith(expect.stringContaining(ADDITION)));
    await using gateway = await openSession(database);
    await gateway.query('SET lock_timeout TO 2000');
    for (let read = 0; read < 20; read += 1) await gateway.query('SELECT FROM users');
    await dump.query('COMMIT');
    expect(await migrating).toEqual([ADDITION]);
    expect(onWaiting).toHaveBeenCalledOnce();
  });

  it('limits the sum of its waits for several tables, of which it keeps the first', async () => {
    await using database = await openEmptyDatabase();
    await migrate(database);
    await using copy = await copyPrisma();
    const tables = ['users', 'events', 'devices'];
    await copy.write(ADDITION, tables.map((table) => `ALTER TABLE ${table} ADD COLUMN extra text;`).join('\n'));
    await using stack = new AsyncDisposableStack();
    const dumps = await Promise.all(tables.map(async () => stack.use(await openSession(database))));
    for (const [index, dump] of dumps.entries())
      await dump.query(`BEGIN; LOCK TABLE ${tables[index]} IN ACCESS SHARE MODE`);
    const lockRetries = { timeoutMs: 1_000, pauseMs: 10, attempts: 1 };
    const migrating = migrate(database, copy.migrations, { lockRetries });
    const end = async () => {
      for (const dump of dumps) {
        await delay(600);
        await dump.query('COMMIT');
      }
    };
    await Promise.all([
      expect(migrating).rejects.toThrow(
        `Migration ${ADDITION} did not get its locks in 1 attempts, and was rolled back.`,
      ),
      end(),
    ]);
    expect(await history(database)).not.toContain(ADDITION);
    expect(await migrate(database, copy.migrations, { lockRetries })).toEqual([ADDITION]);
  });

  it('leaves a database of a newer version alone', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write('20990101000000_newer', 'CREATE TABLE newer ();');
    await migrate(database, copy.migrations);

    expect(await migrate(database)).toEqual([]);
    expect(await pendingMigrations(database.rows)).toEqual([]);
  });

  it('rejects a database that has tables and no history', async () => {
    await using database = await openEmptyDatabase();
    await database.rows('CREATE TABLE other ()');
    await expect(migrate(database)).rejects.toThrow(
      'The schema "public" is not empty and has no migration history; found table "other". Use an empty database.',
    );
    expect(await exists(database, '_prisma_migrations')).toBe(false);
  });

  it.each([
    [
      'postgres://postgres@127.0.0.1:1/none',
      /^Cannot connect to the database at 127\.0\.0\.1:1: connect ECONNREFUSED .+$/,
    ],
    ['postgres://localhost:port/none', /^Cannot connect to the database: Invalid URL$/],
  ])('reports in one line why %s cannot be reached', async (connectionString, message) => {
    await expect(migrate({ connectionString })).rejects.toThrow(message);
  });
});

describe('migrate and prisma migrate', () => {
  const upToDate = { editedMigrationNames: [], failedMigrationNames: [], hasMigrationsTable: true, history: null };

  /** Runs Prisma's engine on a database. @throws with what it reports. */
  async function prisma(
    command: 'deploy' | 'status',
    { connectionString }: EmptyDatabase,
    directory = MIGRATIONS_DIRECTORY,
  ): Promise<unknown> {
    const { code, stdout, stderr } = await runProgram('test/kit/prisma-migrate.ts', [
      command,
      connectionString,
      directory,
    ]);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout);
  }

  it.each(['migrate', 'prisma'] as const)('agree on a database that was migrated by %s', async (first) => {
    await using database = await openEmptyDatabase();
    const pending = await pendingMigrations(database.rows);
    expect(await prisma('status', database)).toMatchObject({
      history: { diagnostic: 'databaseIsBehind', unappliedMigrationNames: pending },
    });

    expect(first === 'prisma' ? await prisma('deploy', database) : await migrate(database)).toEqual(pending);
    expect(await prisma('status', database)).toEqual(upToDate);
    expect([await migrate(database), await prisma('deploy', database)]).toEqual([[], []]);
  });

  it('record migrations alike', async () => {
    const records = [];
    for (const first of ['migrate', 'prisma'] as const) {
      await using database = await openEmptyDatabase();
      await (first === 'prisma' ? prisma('deploy', database) : migrate(database));
      records.push({
        columns: await database.rows(`
          SELECT attname, format_type(atttypid, atttypmod) AS type, attnotnull, pg_get_expr(adbin, adrelid) AS default
          FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
          WHERE attrelid = '_prisma_migrations'::regclass AND attnum > 0 ORDER BY attnum`),
        keys: await database.rows(`
          SELECT conname, pg_get_constraintdef(oid) AS definition FROM pg_constraint
          WHERE conrelid = '_prisma_migrations'::regclass AND contype = 'p'`),
        rows: await database.rows(`
          SELECT migration_name, checksum, logs, rolled_back_at, applied_steps_count, length(id) AS id,
            finished_at >= started_at AS finished
          FROM _prisma_migrations ORDER BY started_at`),
      });
    }
    expect(records[0]).toEqual(records[1]);
  });

  it('agree on a failed migration and on an edited one', async () => {
    await using database = await openEmptyDatabase();
    await using copy = await copyPrisma();
    await copy.write(BROKEN, 'SELECT nonsense;');
    const failure = await messageOf(migrate(database, copy.migrations));
    expect(await prisma('status', database, copy.migrations)).toEqual({ ...upToDate, failedMigrationNames: [BROKEN] });
    await expect(prisma('deploy', database, copy.migrations)).rejects.toThrow('found failed migrations');

    await database.rows(failedFor('failed: .+').exec(failure)?.[1] ?? '');
    await copy.write(BROKEN, 'SELECT 1;');
    expect(await migrate(database, copy.migrations)).toEqual([BROKEN]);
    expect(await prisma('status', database, copy.migrations)).toEqual(upToDate);
    await copy.write(BROKEN, 'SELECT 2;');
    expect(await prisma('status', database, copy.migrations)).toEqual({ ...upToDate, editedMigrationNames: [BROKEN] });
  });
});
