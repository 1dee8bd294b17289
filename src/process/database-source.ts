import type { Logger } from 'pino';
import { createKey } from '../auth/keys.ts';
import type { Config } from '../config/index.ts';
import type { Connection, Models } from '../db/client.ts';
import { demoCredentials } from '../dev/demo-data.ts';
import { openEmbeddedDatabase } from '../dev/embedded-database.ts';
import { scopes } from '../domain/shared/scopes.ts';

/** The PostgreSQL that is served from. */
export interface DatabaseSource {
  connection: Connection;
  /** The key of the demo workspace. Undefined: a database of the operator's own. */
  demoKey?: { publicKey: string; secret: string } | undefined;
}

/** A store that this process keeps running. */
export interface OpenDatabaseSource extends DatabaseSource {
  /** To be called when nobody is connected any more. */
  close(): Promise<void>;
}

/**
 * Finds the database of the configuration, or starts the embedded one.
 * @throws {StartError} where it cannot start. @throws {MigrationError} where it cannot be brought up to date.
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
