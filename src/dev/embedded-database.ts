import { join } from 'node:path';
import { type DatabaseClient, type Models, openDatabase } from '../db/client.ts';
import { migrate } from '../db/migrations/migrate.ts';
import { seedDemoData } from './demo-data.ts';
import { type EmbeddedPostgres, type Log, startEmbeddedPostgres } from './embedded-postgres.ts';
import { lockDirectory } from './instance-lock.ts';

/** Connections beyond those of the gateway: for psql, and those that PostgreSQL reserves for superusers. */
const SPARE_CONNECTIONS = 20;

/** A running embedded database. */
export interface EmbeddedDatabase {
  connection: EmbeddedPostgres['connection'];
  close(): Promise<void>;
}

/**
 * Starts the embedded database of a data folder, applies pending migrations, and inserts the demo data on the first start.
 * @param directory the data folder; only one process can use it at a time.
 * @param connections how many connections the gateway needs.
 * @param createDemoKey creates the key of the demo workspace.
 * @param log logs exits and restarts; if it is omitted, the server is not restarted.
 * @throws {StartError} if the server cannot start.
 * @throws {MigrationError} if the database cannot be migrated.
 */
export async function openEmbeddedDatabase(
  directory: string,
  connections: number,
  createDemoKey: (tx: Models, workspaceId: string) => Promise<unknown>,
  log?: Log,
): Promise<EmbeddedDatabase> {
  const lock = await lockDirectory(directory);
  const settings = { max_connections: String(connections + SPARE_CONNECTIONS) };
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings, log });
  try {
    await prepare(postgres.connection, createDemoKey);
  } catch (error) {
    await postgres.stop();
    throw error;
  }
  return {
    connection: postgres.connection,
    close: async () => {
      await postgres.stop();
      await lock.release();
    },
  };
}

async function prepare(
  connection: EmbeddedPostgres['connection'],
  createDemoKey: (tx: Models, workspaceId: string) => Promise<unknown>,
): Promise<void> {
  const db = openDatabase(connection, { poolSize: 1 });
  try {
    await forgetInterruptedMigrations(db);
    await migrate(connection);
    await seedDemoData(db, createDemoKey);
  } finally {
    await db.$disconnect();
  }
}

/**
 * Allows migrations again that version 0.1 had started when it was killed. They were rolled back, but it recorded their start
 * in a transaction of its own. On any other database, the operator decides.
 */
async function forgetInterruptedMigrations(db: DatabaseClient): Promise<void> {
  const [table] = await db.query<{ exists: boolean }[]>`/* hasMigrationTable */
    SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS exists`;
  if (!table?.exists) return;
  await db.query`/* forgetInterruptedMigrations */
    UPDATE _prisma_migrations SET rolled_back_at = now()
    WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs IS NULL`;
}
