import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { PRISMA_LOCK } from '../advisory-locks.ts';
import type { Connection } from '../client.ts';
import {
  hasOtherFunctions,
  isDistributedDatabase,
  migrateDistributed,
  replaceShardViews,
  updateFunctions,
} from '../distribution/distribute.ts';
import { describeDatabaseError, inOneLine, isLockConflict } from '../errors.ts';
import { PooledSessionError, requireSession } from '../pooled-session.ts';
import { serverOf } from '../session.ts';
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
import { DEFAULT_LOCK_RETRIES, LOCK_CONFLICT, type LockRetries, retryOnLockConflict } from './lock-conflicts.ts';
import { limitLockWaits } from './lock-waits.ts';
import { splitStatements } from './split-statements.ts';

export { MigrationError } from './history.ts';

/** Where the migrations are committed, in Prisma's format. */
export const MIGRATIONS_DIRECTORY = fileURLToPath(new URL('../../../prisma/migrations', import.meta.url));

/** Maximum time in ms to wait for that lock. Migrations of large tables take minutes. */
const LOCK_WAIT_MS = 600_000;

/** Maximum time in ms for which the session that observes the migration waits for an answer. */
const OBSERVER_TIMEOUT_MS = 5_000;

const LOCK_NOT_AVAILABLE = '55P03';
const QUERY_CANCELED = '57014';

/**
 * Settings of the session that applies migrations; set before each one, because the one before may have changed them. The timeouts of
 * the role, which are those of a gateway's statements, do not apply to migrations.
 */
const SESSION_SETTINGS =
  "RESET ALL; SET search_path TO public; SET TIME ZONE 'UTC'; SET statement_timeout TO 0; SET idle_in_transaction_session_timeout TO 0";

export interface MigrateOptions {
  /** Maximum time in ms to wait for another process that applies migrations; 10 minutes by default. */
  lockWaitMs?: number;
  /** How each migration waits for locks of other transactions; two minutes by default. */
  lockRetries?: LockRetries;
  /** Called with a line that says what it waits for. */
  onWaiting?(message: string): void;
}

/**
 * Applies the committed migrations that the database lacks, in the order of their names. Each runs in a transaction of its
 * own that also records it in Prisma's table `_prisma_migrations`: a process that is killed leaves either all of a migration
 * or nothing. Statements that cannot run in a transaction, such as `CREATE INDEX CONCURRENTLY`, make a migration fail.
 *
 * Several processes can call this at the same time: an advisory lock lets one apply the migrations while the others wait.
 * If nothing is pending, this takes three statements and no lock.
 *
 * @param connection of PostgreSQL itself: a connection pooler in transaction mode would keep the lock.
 * @returns the names of the applied migrations, oldest first.
 * @throws {MigrationError} if the database is unreachable, if a migration fails or has failed, if one was edited after it was
 *   applied, or if another process or transaction holds a lock for too long.
 */
export async function migrate(
  connection: Connection,
  directory = MIGRATIONS_DIRECTORY,
  { lockWaitMs = LOCK_WAIT_MS, lockRetries = DEFAULT_LOCK_RETRIES, onWaiting = () => {} }: MigrateOptions = {},
): Promise<string[]> {
  const migrations = await readMigrations(directory);
  const client = await connect(connection);
  try {
    const history = await readHistory(rowsOf(client));
    // A record that is not finished may be of a process that holds the lock: it is judged once this process has the lock.
    if (unfinished(namesOf(migrations), history).length > 0 || (await needsFunctions(client, migrations, history))) {
      const options = { lockWaitMs, lockRetries, onWaiting };
      const pid = await requireSession(client, () => connect(connection), 'migrations');
      await takeLock(client, options);
      const openObserver = () => connect(connection, { query_timeout: OBSERVER_TIMEOUT_MS });
      return await applyPending({ client, pid }, openObserver, migrations, options);
    }
    checkHistory(migrations, history);
    return [];
  } catch (error) {
    throw error instanceof PooledSessionError ? new MigrationError(error.message, { cause: error }) : error;
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

/** Whether to replace the functions of a distributed database: not those of a later version, whose migrations this one does not know. */
async function needsFunctions(
  client: pg.Client,
  migrations: readonly Migration[],
  history: Awaited<ReturnType<typeof readHistory>>,
): Promise<boolean> {
  const known = new Set(namesOf(migrations));
  return history.every(({ name }) => known.has(name)) && (await hasOtherFunctions(client));
}

const rowsOf =
  (client: pg.Client): RunSql =>
  async (sql) =>
    (await client.query(sql)).rows;

const namesOf = (migrations: readonly Migration[]) => migrations.map(({ name }) => name);

/**
 * Takes the lock, which the end of the session releases, also after a kill.
 * @throws {MigrationError} that names the session which holds it, if that takes too long.
 */
async function takeLock(client: pg.Client, { lockWaitMs, onWaiting }: Required<MigrateOptions>): Promise<void> {
  const { rows } = await client.query<{ isTaken: boolean }>(`SELECT pg_try_advisory_lock(${PRISMA_LOCK}) AS "isTaken"`);
  if (rows[0]?.isTaken) return;
  onWaiting(
    `Waiting for up to ${lockWaitMs / 1_000} s for ${await describeHolder(client)}, which is applying migrations.`,
  );
  // Another process may take longer than the role's timeouts allow for a statement.
  await client.query(`SET statement_timeout TO 0; SET lock_timeout TO ${lockWaitMs}`);
  try {
    await client.query(`SELECT pg_advisory_lock(${PRISMA_LOCK})`);
  } catch (error) {
    if (describeDatabaseError(error).sqlState !== LOCK_NOT_AVAILABLE) throw error;
    throw new MigrationError(
      `Gave up after ${lockWaitMs / 1_000} s: ${await describeHolder(client)} holds the lock of migrations. Wait until it has ended, or end it with SELECT pg_terminate_backend(its pid), and run npm run db:migrate again.`,
      { cause: error },
    );
  }
}

/** Names the session that holds the lock, for messages. */
async function describeHolder(client: pg.Client): Promise<string> {
  const { rows } = await client.query<{ pid: number; application: string; state: string | null; since: string }>(`
    SELECT pid, application_name AS application, state,
      to_char(state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS"Z"') AS since
    FROM pg_locks JOIN pg_stat_activity USING (pid)
    WHERE locktype = 'advisory' AND granted AND classid = 0 AND objid = ${PRISMA_LOCK} AND objsubid = 1
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`);
  const [holder] = rows;
  if (!holder) return 'another session';
  // Only members of pg_read_all_stats see the sessions of other roles.
  if (holder.state === null) return `the session with pid ${holder.pid}`;
  return `the session with pid ${holder.pid} (${holder.application || 'no application_name'}, ${holder.state} since ${holder.since})`;
}

/** The session that applies migrations, and what limits its waits for locks. */
interface MigrationSession {
  client: pg.Client;
  /** Its process id. */
  pid: number;
  /** Another session, which observes it. */
  observer: pg.Client;
  isDistributed: boolean;
}

/**
 * Applies what is still pending, once the session has the lock.
 * @throws {MigrationError} if a migration fails or has failed, or if one was edited.
 */
async function applyPending(
  { client, pid }: Pick<MigrationSession, 'client' | 'pid'>,
  openObserver: () => Promise<pg.Client>,
  migrations: readonly Migration[],
  options: Required<MigrateOptions>,
): Promise<string[]> {
  await client.query('SET statement_timeout TO 0; SET lock_timeout TO 0');
  await createHistoryTable(client);
  const history = await readHistory(rowsOf(client));
  checkHistory(migrations, history);
  const pending = unfinished(namesOf(migrations), history);
  const isDistributed = await isDistributedDatabase(client);
  const session = { client, pid, observer: await openObserver(), isDistributed };
  try {
    for (const migration of migrations) {
      if (pending.includes(migration.name)) await applyWithRetries(session, migration, options);
    }
    if (isDistributed) {
      if (await needsFunctions(client, migrations, history)) await updateFunctions(client);
      await replaceShardViews(client);
    }
    return pending;
  } finally {
    await session.observer.end();
  }
}

/** Applies a migration, repeatedly while other transactions hold a lock that it needs. @throws {MigrationError} */
async function applyWithRetries(
  session: MigrationSession,
  migration: Migration,
  { lockRetries, onWaiting }: Required<MigrateOptions>,
): Promise<void> {
  const outcome = await retryOnLockConflict(() => apply(session, migration, lockRetries.timeoutMs), {
    ...lockRetries,
    onRetry: () => onWaiting(`Waiting for other transactions, which hold a lock that ${migration.name} needs.`),
  });
  if (outcome === 'applied') return;
  throw new MigrationError(
    `Migration ${migration.name} did not get its locks in ${lockRetries.attempts} attempts, and was rolled back. End the transactions that hold them, and migrate again: SELECT pid, query FROM pg_stat_activity WHERE xact_start < now() - interval '10 s'`,
  );
}

/** Applies a migration. @throws {MigrationError} if it fails. */
async function apply(
  { client, pid, observer, isDistributed }: MigrationSession,
  migration: Migration,
  lockTimeoutMs: number,
): Promise<'applied' | typeof LOCK_CONFLICT> {
  let recordId: string | undefined;
  await using waits = limitLockWaits(observer, pid, lockTimeoutMs);
  try {
    await client.query(`${SESSION_SETTINGS}; SET lock_timeout TO ${lockTimeoutMs}`);
    await client.query('BEGIN');
    recordId = await recordStart(client, migration);
    await (isDistributed
      ? migrateDistributed(client, { name: migration.name, statements: splitStatements(migration.sql) })
      : client.query(migration.sql));
    if (!(await recordFinish(client, recordId))) {
      throw new Error('migration.sql ended its transaction with ROLLBACK');
    }
    await client.query('COMMIT');
    return 'applied';
  } catch (error) {
    if (isLockConflict(error) || (waits.isExceeded && isCanceled(error))) {
      await client.query('ROLLBACK');
      return LOCK_CONFLICT;
    }
    if (recordId !== undefined && error instanceof pg.DatabaseError) await fail(client, migration, recordId, error);
    throw new MigrationError(`Migration ${migration.name} could not be applied: ${inOneLine(error)}`, { cause: error });
  }
}

const isCanceled = (error: unknown) => describeDatabaseError(error).sqlState === QUERY_CANCELED;

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

/** @param config options of the driver. @throws {MigrationError} */
async function connect(connection: Connection, config: pg.ClientConfig = {}): Promise<pg.Client> {
  let address = '';
  try {
    const client = new pg.Client({
      ...connection,
      connectionTimeoutMillis: 10_000,
      fallback_application_name: 'usergraph migrations',
      ...config,
    });
    address = ` at ${serverOf(client)}`;
    // Without a listener, the error of a connection that breaks while it is idle would end the process.
    client.on('error', () => {});
    await client.connect();
    return client;
  } catch (error) {
    throw new MigrationError(`Cannot connect to the database${address}: ${inOneLine(error)}`, { cause: error });
  }
}
