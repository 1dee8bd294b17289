import { readConfig } from '../config/index.ts';
import { type DatabaseClient, DEFAULT_TIMEOUTS, openDatabase } from '../db/client.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import type { DatabaseTimeouts } from '../db/timeouts.ts';
import { CliError, toConnectionError } from './output.ts';

/** What a command needs that differs from others. */
export interface CommandOptions extends Partial<DatabaseTimeouts> {
  /** Maximum number of connections; 1 by default. */
  poolSize?: number;
}

/** Opens the database, runs a command, and closes the database. */
export type WithDatabase = (run: (db: DatabaseClient) => Promise<void>, options?: CommandOptions) => Promise<void>;

/**
 * Creates a function that opens the database of `DATABASE_URL`. Help and usage errors need no database.
 * @throws {CliError} if `DATABASE_URL` is not set, or the database is unreachable or not migrated.
 */
export function useDatabase(env: Readonly<Record<string, string | undefined>>): WithDatabase {
  return async (run, { poolSize = 1, ...timeouts } = {}) => {
    const { databaseUrl: connectionString, preparedStatements: prepared } = readConfig(env);
    if (connectionString === undefined) {
      throw new CliError(
        'DATABASE_URL is not set. The CLI does not manage the embedded database, which has a demo workspace and key; set DATABASE_URL to another database.',
      );
    }
    const db = openDatabase(
      { connectionString },
      { poolSize, prepared, timeouts: { ...DEFAULT_TIMEOUTS, ...timeouts } },
    );
    try {
      await requireMigrated(db, connectionString);
      await run(db);
    } finally {
      await db.$disconnect();
    }
  };
}

async function requireMigrated(db: DatabaseClient, connectionString: string): Promise<void> {
  const pending = await pendingMigrations((sql) => db.$queryRawUnsafe(sql)).catch((error: unknown) => {
    throw toConnectionError(connectionString, error);
  });
  if (pending.length > 0) throw new CliError('The database is not migrated. Run npm run db:migrate first.');
}
