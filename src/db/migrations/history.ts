import { createHash, randomUUID } from 'node:crypto';
import type { Client, DatabaseError } from 'pg';
import { z } from 'zod';

/** A committed migration: the name of its folder and the text of its `migration.sql`. */
export interface Migration {
  name: string;
  sql: string;
}

/** The database could not be migrated; the message is one line for the operator. */
export class MigrationError extends Error {
  override readonly name = 'MigrationError';
}

/** Runs a statement and returns its rows. */
export type RunSql = (sql: string) => Promise<unknown>;

/** The rows of `_prisma_migrations` that are not marked as rolled back. */
export type History = z.infer<typeof historyRows>;

/** SQLSTATE of a statement that cannot run in a transaction. */
const ACTIVE_SQL_TRANSACTION = '25001';

const tablePresence = z.tuple([z.object({ present: z.boolean() })]);
const historyRows = z.array(
  z.object({ name: z.string(), checksum: z.string(), finished: z.boolean(), logs: z.string().nullable() }),
);

/** Reads Prisma's table of migrations; no rows if the table does not exist. */
export async function readHistory(runSql: RunSql): Promise<History> {
  const presence = await runSql(
    "/* findMigrations */ SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS present",
  );
  if (!tablePresence.parse(presence)[0].present) return [];
  return historyRows.parse(
    await runSql(`/* readMigrations */
      SELECT migration_name AS name, checksum, finished_at IS NOT NULL AS finished, logs
      FROM public._prisma_migrations WHERE rolled_back_at IS NULL`),
  );
}

/**
 * Creates the table as Prisma's schema engine does, unless it exists.
 * @throws {MigrationError} if it does not and the schema has other tables: they belong to another application.
 */
export async function createHistoryTable(client: Client): Promise<void> {
  const { rows: tables } = await client.query<{ name: string }>(`
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
      AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = 'pg_class'::regclass AND objid = pg_class.oid AND deptype = 'e')
    ORDER BY relname = '_prisma_migrations' DESC, relname`);
  if (tables[0]?.name === '_prisma_migrations') return;
  if (tables[0]) {
    throw new MigrationError(
      `The schema "public" is not empty and has no migration history; found table "${tables[0].name}". Use an empty database.`,
    );
  }
  await client.query(`
    CREATE TABLE public._prisma_migrations (
      id                  VARCHAR(36) PRIMARY KEY NOT NULL,
      checksum            VARCHAR(64) NOT NULL,
      finished_at         TIMESTAMPTZ,
      migration_name      VARCHAR(255) NOT NULL,
      logs                TEXT,
      rolled_back_at      TIMESTAMPTZ,
      started_at          TIMESTAMPTZ NOT NULL DEFAULT now(),
      applied_steps_count INTEGER NOT NULL DEFAULT 0
    )`);
}

/** Records that a migration starts. @returns the id of the record. */
export async function recordStart(client: Client, { name, sql }: Migration): Promise<string> {
  const id = randomUUID();
  await client.query('INSERT INTO public._prisma_migrations (id, migration_name, checksum) VALUES ($1, $2, $3)', [
    id,
    name,
    checksum(sql),
  ]);
  return id;
}

/** Records that a migration is applied. @returns false if the record of its start is gone. */
export async function recordFinish(client: Client, id: string): Promise<boolean> {
  // Citus rejects clock_timestamp(), which is volatile.
  const { rowCount } = await client.query(
    'UPDATE public._prisma_migrations SET finished_at = statement_timestamp(), applied_steps_count = 1 WHERE id = $1',
    [id],
  );
  return rowCount === 1;
}

/**
 * Records that a migration failed, with logs in Prisma's format. The record of its start is usually rolled back with the
 * migration; it is still there if the migration committed.
 */
export async function recordFailure(
  client: Client,
  { name, sql }: Migration,
  id: string,
  error: DatabaseError,
): Promise<void> {
  await client.query(
    `INSERT INTO public._prisma_migrations (id, migration_name, checksum, logs) VALUES ($1, $2, $3, $4)
     ON CONFLICT (id) DO UPDATE SET logs = excluded.logs`,
    [id, name, checksum(sql), failureLogs(name, sql, error)],
  );
}

function failureLogs(name: string, sql: string, { code, severity, message, detail, hint, position }: DatabaseError) {
  const line = position && sql.slice(0, Number(position) - 1).split('\n').length;
  const lines = [detail && `DETAIL: ${detail}`, hint && `HINT: ${hint}`, line && `LINE: ${line} of migration.sql`];
  return `A migration failed to apply. New migrations cannot be applied before the error is recovered from.

Migration name: ${name}

Database error code: ${code}

Database error:
${[`${severity}: ${message}`, ...lines.filter(Boolean)].join('\n')}
`;
}

/** Names of the migrations that the database has not finished, in the order of `names`. */
export function unfinished(names: readonly string[], history: History): string[] {
  const finished = new Set(history.filter((row) => row.finished).map((row) => row.name));
  return names.filter((name) => !finished.has(name));
}

/**
 * Checks that every known migration in the history is finished and unchanged. Migrations that only the
 * database has belong to a newer version and are ignored.
 * @throws {MigrationError}
 */
export function checkHistory(migrations: readonly Migration[], history: History): void {
  const texts = new Map(migrations.map(({ name, sql }) => [name, sql]));
  for (const { name, checksum: recorded, finished, logs } of history) {
    const sql = texts.get(name);
    if (sql === undefined) continue;
    if (!finished) throw new MigrationError(`Migration ${name} ${failureOf(logs)}. ${recoveryOf(name)}`);
    if (!checksums(sql).includes(recorded)) {
      throw new MigrationError(
        `Migration ${name} was edited after it was applied: restore its migration.sql and put the change in a new migration.`,
      );
    }
  }
}

/** Describes how a migration failed, from logs in Prisma's format. A process that was killed writes none. */
function failureOf(logs: string | null): string {
  if (logs === null) return 'was interrupted';
  const [, message = 'see its logs in _prisma_migrations'] = /^[A-Z]+: (.+)/m.exec(logs) ?? [];
  const [, sqlState = 'unknown'] = /^Database error code: (\w+)/m.exec(logs) ?? [];
  const [, line] = /^LINE: (\d+)/m.exec(logs) ?? [];
  const reason = `failed: ${message} (SQLSTATE ${sqlState}${line ? `, line ${line} of migration.sql` : ''})`;
  return sqlState === ACTIVE_SQL_TRANSACTION ? `${reason}; migrations run in a transaction` : reason;
}

function recoveryOf(name: string): string {
  return (
    'To recover, fix the cause, remove what it left in the database, if anything, mark it as rolled back, and migrate again: ' +
    `UPDATE _prisma_migrations SET rolled_back_at = now() WHERE migration_name = '${name}' AND finished_at IS NULL`
  );
}

const checksum = (sql: string) => createHash('sha256').update(sql).digest('hex');

/** Prisma's checksums of a file with LF and with CRLF: a checkout with other line endings is not an edit. */
function checksums(sql: string): string[] {
  const unix = sql.replaceAll('\r\n', '\n');
  return [unix, unix.replaceAll('\n', '\r\n')].map(checksum);
}
