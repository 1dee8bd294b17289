import { readConfig } from '../config/index.ts';
import { type DatabaseClient, openDatabase } from '../db/client.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { CliError, unreachable } from './output.ts';

/** Runs a command against the database, and closes it. */
export type WithDatabase = (run: (db: DatabaseClient) => Promise<void>) => Promise<void>;

/**
 * Opens the database that the environment names, once a command needs it.
 * @throws {CliError} where there is none, or it cannot be worked with.
 */
export function useDatabase(env: Readonly<Record<string, string | undefined>>): WithDatabase {
  return async (run) => {
    const { databaseUrl: connectionString } = readConfig(env);
    if (connectionString === undefined) {
      throw new CliError(
        'DATABASE_URL is not set. The embedded database has its demo workspace and key already; set DATABASE_URL to work on another one.',
      );
    }
    const db = openDatabase({ connectionString }, { poolSize: 1 });
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
    throw unreachable(connectionString, error);
  });
  if (pending.length > 0) throw new CliError('The database is not migrated. Run npm run db:migrate first.');
}
