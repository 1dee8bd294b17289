import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { z } from 'zod';
import type { Connection } from '../client.ts';
import { inOneLine } from '../errors.ts';
import { applyMigrations, type Migration } from './schema-engine.ts';

/** Where the migrations are committed, in Prisma's format. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** Any number but 72707369, which the engine locks itself while ours is held. */
const MIGRATION_LOCK = 8_730_177;

/** The database could not be brought up to date; the message is one line for the operator. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Runs a statement and returns its rows. */
export type RunSql = (sql: string) => Promise<unknown>;

const tablePresence = z.tuple([z.object({ present: z.boolean() })]);
const historyRows = z.array(
  z.object({ name: z.string(), checksum: z.string(), finished: z.boolean(), logs: z.string().nullable() }),
);
type History = z.infer<typeof historyRows>;

/**
 * Applies the committed migrations that the database has not had. Safe to call from several
 * processes at once: one applies them while the others wait. With nothing to apply it is two
 * statements and no lock.
 *
 * @returns the names of the migrations applied, oldest first.
 * @throws {MigrationError} when the database is out of reach, a migration fails or has failed, or one
 *   was edited after it was applied.
 */
export async function migrate(connection: Connection, directory = MIGRATIONS_DIRECTORY): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const names = migrations.map(({ name }) => name);
  const client = await connect(connection);
  const runSql: RunSql = async (sql) => (await client.query(sql)).rows;
  try {
    let history = await readHistory(runSql);
    if (unfinished(names, history).length > 0) {
      // Released when the connection ends, also when the process is killed.
      await client.query(`SELECT pg_advisory_lock(${MIGRATION_LOCK})`);
      history = await readHistory(runSql);
    }
    refuseFaults(migrations, history);
    if (unfinished(names, history).length === 0) return [];
    try {
      return await applyMigrations(connection, migrations);
    } catch (error) {
      refuseFaults(migrations, await readHistory(runSql));
      throw new MigrationError(`The migrations could not be applied: ${inOneLine(error)}`, { cause: error });
    }
  } finally {
    await client.end();
  }
}

/**
 * The committed migrations that the database has not finished, oldest first: none when a gateway
 * may serve from it. Cheap enough for a readiness probe. Migrations that the database has and this
 * version does not know are no hindrance, so that an older version runs on while a newer one starts.
 */
export async function pendingMigrations(runSql: RunSql, directory = MIGRATIONS_DIRECTORY): Promise<string[]> {
  return unfinished(await listMigrations(directory), await readHistory(runSql));
}

function unfinished(names: string[], history: History): string[] {
  const finished = new Set(history.filter((row) => row.finished).map((row) => row.name));
  return names.filter((name) => !finished.has(name));
}

async function readHistory(runSql: RunSql): Promise<History> {
  const presence = await runSql("SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS present");
  if (!tablePresence.parse(presence)[0].present) return [];
  return historyRows.parse(
    await runSql(`
      SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, logs
      FROM public._prisma_migrations WHERE rolled_back_at IS NULL`),
  );
}

function refuseFaults(migrations: Migration[], history: History): void {
  const committed = new Map(migrations.map(({ name, sql }) => [name, sql]));
  for (const { name, checksum, finished, logs } of history) {
    const sql = committed.get(name);
    if (sql === undefined) continue;
    if (!finished) {
      const reason = /ERROR: (.+)/.exec(logs ?? '')?.[1] ?? 'it was interrupted';
      throw new MigrationError(
        `Migration ${name} failed: ${reason}. Once the cause is gone and nothing of it is left in the database, allow it again: ` +
          `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL`,
      );
    }
    if (!checksums(sql).includes(checksum)) {
      throw new MigrationError(
        `Migration ${name} was edited after it was applied: restore its migration.sql and put the change in a new migration.`,
      );
    }
  }
}

/** SHA-256 as Prisma takes it, of either line ending: a checkout on Windows is no edit. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].map((text) => createHash('sha256').update(text).digest('hex'));
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
    // A connection that breaks while idle says so by this event, which would otherwise end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw new MigrationError(`Cannot connect to the database${address}: ${inOneLine(error)}`, { cause: error });
  }
}
