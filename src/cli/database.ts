import { readCommandConfig } from '../config/index.ts';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../db/client.ts';
import { inOneLine } from '../db/errors.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { requireSession } from '../db/pooled-session.ts';
import { primaryUrlOf } from '../db/servers/find-primary.ts';
import { type Connection, openSession, type SessionTimeouts } from '../db/session.ts';
import { checkSessions, type ExpectedSession, SessionError } from '../db/session-check.ts';
import type { DatabaseTimeouts } from '../db/timeouts.ts';
import { CliError, toConnectionError } from './output.ts';

/** The timeouts of the driver while a connection is checked. */
const DRIVER = { connectionTimeoutMillis: DEFAULT_TIMEOUTS.poolWaitMs, query_timeout: DEFAULT_TIMEOUTS.statementMs };

/**
 * What a command needs that differs from others. With timeouts of its own it uses `DATABASE_DIRECT_URL`, since those of a
 * connection pooler are the gateway's. Commands without timeouts of their own have those of the gateway.
 */
export interface CommandOptions extends Partial<DatabaseTimeouts> {
  /** Maximum number of connections; 1 by default. */
  poolSize?: number;
  /** What needs a session, such as `commands that create indexes`. A connection pooler in transaction mode is rejected. */
  sessionFor?: string;
}

/** For statements that read a whole table or wait for all transactions: one day. */
export const MAINTENANCE_TIMEOUTS = { statementMs: 86_400_000, lockMs: 86_400_000 } satisfies CommandOptions;

/** Opens the database, runs a command, and closes the database. */
export type WithDatabase = (run: (db: DatabaseClient) => Promise<void>, options?: CommandOptions) => Promise<void>;

/**
 * Creates a function that opens the database of `DATABASE_URL`. Help and usage errors need no database.
 * @throws {CliError} if `DATABASE_URL` is not set, or the database is unreachable, not migrated, or behind a connection pooler whose
 * sessions lack what the command needs.
 */
export function useDatabase(env: Readonly<Record<string, string | undefined>>): WithDatabase {
  return async (run, { poolSize = 1, sessionFor, ...ownTimeouts } = {}) => {
    const { databaseUrls, databaseDirectUrls, preparedStatements: prepared, limits } = readCommandConfig(env);
    const hasOwnTimeouts = Object.keys(ownTimeouts).length > 0;
    const urls = hasOwnTimeouts ? databaseDirectUrls : databaseUrls;
    if (urls === undefined) {
      throw new CliError(
        'DATABASE_URL is not set. The CLI does not manage the embedded database, which has a demo workspace and key; set DATABASE_URL to another database.',
      );
    }
    const connectionString = await primaryUrlOf(urls).catch((error: unknown) => {
      throw new CliError(inOneLine(error));
    });
    const timeouts = { ...limits, ...ownTimeouts };
    const connection = await checkConnection(connectionString, { timeouts, allowsShorter: !hasOwnTimeouts, prepared });
    if (sessionFor) await checkSession(connection, timeouts, sessionFor);
    const db = openDatabase(connection, { poolSize, prepared, timeouts });
    try {
      await requireMigrated(db, connectionString);
      await run(db);
    } finally {
      await db.$disconnect();
    }
  };
}

/** @throws {CliError} if the database is unreachable, or its sessions lack what the CLI relies on. */
async function checkConnection(connectionString: string, expected: ExpectedSession): Promise<Connection> {
  try {
    const { connection } = await checkSessions({ connectionString }, expected, DRIVER);
    return connection;
  } catch (error) {
    if (error instanceof SessionError) throw new CliError(error.message);
    throw toConnectionError(connectionString, new Error(inOneLine(error), { cause: error }));
  }
}

/** @throws {PooledSessionError} if a connection pooler in transaction mode is between the CLI and PostgreSQL. */
async function checkSession(connection: Connection, timeouts: SessionTimeouts, task: string): Promise<void> {
  const open = async () => (await openSession(connection, timeouts, DRIVER)).client;
  const client = await open();
  try {
    await requireSession(client, open, task);
  } finally {
    await client.end();
  }
}

async function requireMigrated(db: DatabaseClient, connectionString: string): Promise<void> {
  const pending = await pendingMigrations((sql) => db.$queryRawUnsafe(sql)).catch((error: unknown) => {
    throw toConnectionError(connectionString, error);
  });
  if (pending.length > 0) throw new CliError('The database is not migrated. Run npm run db:migrate first.');
}
