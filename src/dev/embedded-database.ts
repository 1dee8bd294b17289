import { join } from 'node:path';
import { type Database, type Models, openDatabase } from '../db/client.ts';
import { migrate } from '../db/migrate.ts';
import { seedDemoData } from './demo-data.ts';
import { startEmbeddedPostgres } from './embedded-postgres.ts';
import { lockDirectory } from './instance-lock.ts';

/** An open database, and how to let go of it. */
export interface OpenDatabase {
  db: Database;
  close(): Promise<void>;
}

/**
 * Opens the embedded database of a data folder: made, migrated and filled with demo data on the first start.
 * @param directory the data folder, which one process has at a time.
 * @param createDemoKey gives the demo workspace its key.
 * @throws {StartError} where it cannot start. @throws {MigrationError} where it cannot be brought up to date.
 */
export async function openEmbeddedDatabase(
  directory: string,
  poolSize: number,
  createDemoKey: (tx: Models, workspaceId: string) => Promise<unknown>,
): Promise<OpenDatabase> {
  const lock = await lockDirectory(directory);
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
  try {
    const db = openDatabase(postgres.connection, { poolSize });
    await forgetInterruptedMigrations(db);
    await migrate(postgres.connection);
    await seedDemoData(db, createDemoKey);
    return {
      db,
      close: async () => {
        await db.$disconnect();
        await postgres.stop();
        await lock.release();
      },
    };
  } catch (error) {
    await postgres.stop();
    throw error;
  }
}

/**
 * Lets a migration run again that a kill has interrupted. Each is sent as one script, so that nothing of it stayed;
 * on a server with data of its own, an operator decides.
 */
async function forgetInterruptedMigrations(db: Database): Promise<void> {
  const [table] = await db.$queryRaw<{ exists: boolean }[]>`
    SELECT to_regclass('public._prisma_migrations') IS NOT NULL AS exists`;
  if (!table?.exists) return;
  await db.$executeRaw`
    UPDATE _prisma_migrations SET rolled_back_at = now()
    WHERE finished_at IS NULL AND rolled_back_at IS NULL AND logs IS NULL`;
}
