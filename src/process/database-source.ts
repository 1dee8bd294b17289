import type { Logger } from 'pino';
import { createKey } from '../auth/keys.ts';
import type { Config } from '../config/index.ts';
import type { Connection, Models } from '../db/client.ts';
import { demoCredentials } from '../dev/demo-data.ts';
import { openEmbeddedDatabase } from '../dev/embedded-database.ts';
import { scopes } from '../domain/shared/scopes.ts';

/** The PostgreSQL database that the gateway uses. */
export interface DatabaseSource {
  connection: Connection;
  /** The key of the demo workspace. Undefined unless the database is embedded. */
  demoKey?: { publicKey: string; secret: string } | undefined;
}

export interface OpenDatabaseSource extends DatabaseSource {
  /** Stops the embedded database. Call it after all connections are closed. */
  close(): Promise<void>;
}

/**
 * Returns the database of `DATABASE_URL`, or starts the embedded database.
 * @throws {StartError} if the embedded database cannot start.
 * @throws {MigrationError} if the embedded database cannot be migrated.
 */
export async function openDatabaseSource(
  { databaseUrl, dataDirectory, poolSize, workers }: Config,
  log: Logger,
): Promise<OpenDatabaseSource> {
  if (databaseUrl !== undefined) return { connection: { connectionString: databaseUrl }, close: async () => {} };
  const createDemoKey = (tx: Models, id: string) => createKey(tx, id, scopes, demoCredentials);
  const embedded = await openEmbeddedDatabase(dataDirectory, poolSize * workers, createDemoKey, log);
  return { ...embedded, demoKey: demoCredentials };
}
