import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import type { Connection } from '../client.ts';
import { inOneLine } from '../errors.ts';
import {
  checkHistory,
  createHistoryTable,
  type Migration,
  MigrationError,
  type RunSql,
  readHistory,
  recordFailure,
  recordFinish,
  recordStart,
  unfinished,
} from './history.ts';

export { MigrationError } from './history.ts';

/** Where the migrations are committed, in Prisma's format. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** The key of the advisory lock that Prisma's schema engine takes: `prisma migrate deploy` and this process exclude each other. */
const PRISMA_LOCK = 72_707_369;

/** Settings of the session that applies migrations; set before each one, because the one before may have changed them. */
const SESSION_SETTINGS = "RESET ALL; SET search_path TO public; SET TIME ZONE 'UTC'";

/**
 * Applies the committed migrations that the database lacks, in the order of their names. Each runs in a transaction of its
 * own that also records it in Prisma's table `_prisma_migrations`: a process that is killed leaves either all of a migration
 * or nothing. Statements that cannot run in a transaction, such as `CREATE INDEX CONCURRENTLY`, make a migration fail.
 *
 * Several processes can call this at the same time: an advisory lock lets one apply the migrations while the others wait.
 * If nothing is pending, this takes two statements and no lock.
 *
 * @returns the names of the applied migrations, oldest first.
 * @throws {MigrationError} if the database is unreachable, if a migration fails or has failed, or if one was edited after it
 *   was applied.
 */
export async function migrate(connection: Connection, directory = MIGRATIONS_DIRECTORY): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = await connect(connection);
  try {
    const history = await readHistory(rowsOf(client));
    // A record that is not finished may be of a process that holds the lock: it is judged once this process has the lock.
    if (unfinished(namesOf(migrations), history).length > 0) return await applyPending(client, migrations);
    checkHistory(migrations, history);
    return [];
  } finally {
    await client.end();
  }
}

/**
 * Names of the committed migrations that the database has not finished, oldest first; none if this version can use the
 * database. Cheap enough for a readiness probe. Migrations that only the database has do not count, so that an older version
 * keeps running while a newer one starts.
 */
export async function pendingMigrations(runSql: RunSql, directory = MIGRATIONS_DIRECTORY): Promise<string[]> {
  return unfinished(await listMigrations(directory), await readHistory(runSql));
}

const rowsOf =
  (client: pg.Client): RunSql =>
  async (sql) =>
    (await client.query(sql)).rows;

const namesOf = (migrations: readonly Migration[]) => migrations.map(({ name }) => name);

/**
 * Takes the lock, which the end of the session releases, also after a kill; then applies what is still pending.
 * @throws {MigrationError} if a migration fails or has failed, or if one was edited.
 */
async function applyPending(client: pg.Client, migrations: readonly Migration[]): Promise<string[]> {
  // Another process may take longer than the role's timeouts allow for a statement.
  await client.query('SET statement_timeout TO 0; SET lock_timeout TO 0');
  await client.query(`SELECT pg_advisory_lock(${PRISMA_LOCK})`);
  await createHistoryTable(client);
  const history = await readHistory(rowsOf(client));
  checkHistory(migrations, history);
  const pending = unfinished(namesOf(migrations), history);
  for (const migration of migrations) if (pending.includes(migration.name)) await apply(client, migration);
  return pending;
}

/** @throws {MigrationError} */
async function apply(client: pg.Client, migration: Migration): Promise<void> {
  let recordId: string | undefined;
  try {
    await client.query(SESSION_SETTINGS);
    await client.query('BEGIN');
    recordId = await recordStart(client, migration);
    await client.query(migration.sql);
    if (!(await recordFinish(client, recordId))) {
      throw new Error('migration.sql ended its transaction with ROLLBACK');
    }
    await client.query('COMMIT');
  } catch (error) {
    if (recordId !== undefined && error instanceof pg.DatabaseError) await fail(client, migration, recordId, error);
    throw new MigrationError(`Migration ${migration.name} could not be applied: ${inOneLine(error)}`, { cause: error });
  }
}

/** Rolls a migration back and records why. @throws {MigrationError} that says how to continue, unless the connection is lost. */
async function fail(client: pg.Client, migration: Migration, recordId: string, error: pg.DatabaseError): Promise<void> {
  try {
    await client.query('ROLLBACK');
    await recordFailure(client, migration, recordId, error);
  } catch {
    return;
  }
  checkHistory([migration], await readHistory(rowsOf(client)));
}

async function listMigrations(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

async function readMigrations(directory: string): Promise<Migration[]> {
  const names = await listMigrations(directory);
  return Promise.all(
    names.map(async (name) => ({ name, sql: await readFile(join(directory, name, 'migration.sql'), 'utf8') })),
  );
}

/** @throws {MigrationError} */
async function connect(connection: Connection): Promise<pg.Client> {
  let address = '';
  try {
    const client = new pg.Client({ ...connection, connectionTimeoutMillis: 10_000 });
    address = ` at ${client.host}:${client.port}`;
    // Without a listener, the error of a connection that breaks while it is idle would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw new MigrationError(`Cannot connect to the database${address}: ${inOneLine(error)}`, { cause: error });
  }
}
