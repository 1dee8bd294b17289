import type { Logger } from 'pino';
import { createKey } from '../auth/keys.ts';
import type { Config } from '../config/index.ts';
import { type Connection, type Models, openDatabase } from '../db/client.ts';
import { readIndexNotices } from '../db/indexes/notices.ts';
import { demoCredentials } from '../dev/demo-data.ts';
import { openEmbeddedDatabase } from '../dev/embedded-database.ts';
import { scopes } from '../domain/shared/scopes.ts';
import { checkAddresses } from './database-check.ts';
import { checkServers } from './primary-search.ts';

/** The PostgreSQL database that the gateway uses. */
export interface DatabaseSource {
  connection: Connection;
  /** The key of the demo workspace. Undefined unless the database is embedded. */
  demoKey?: { publicKey: string; secret: string } | undefined;
}

export interface OpenDatabaseSource extends DatabaseSource {
  /** The database and its server, for messages; without the password. */
  description: string;
  /** Stops the embedded database. Call it after all connections are closed. */
  close(): Promise<void>;
}

/**
 * Returns the database of `DATABASE_URL` or `DATABASE_URLS` once it can be used, or starts the embedded database. Logs what makes
 * filters slower.
 * @param signal ends the wait for a server that is unreachable.
 * @throws {StartError} if the database cannot be used or started.
 * @throws {MigrationError} if the embedded database cannot be migrated.
 */
export async function openDatabaseSource(
  config: Config,
  log: Logger,
  signal: AbortSignal,
): Promise<OpenDatabaseSource> {
  const { databaseUrls, databaseVariable: variable, dataDirectory, poolSize, replicas, workers } = config;
  if (replicas) checkAddresses(replicas.urls, 'DATABASE_REPLICA_URLS');
  if (databaseUrls !== undefined) {
    const { connection, description } = await checkServers(databaseUrls, {
      variable,
      waitMs: config.databaseWaitMs,
      log,
      signal,
      sessions: { timeouts: config.limits, allowsShorter: true, prepared: config.preparedStatements },
    });
    await logIndexNotices(connection, config, log);
    return { connection, description, close: async () => {} };
  }
  const createDemoKey = (tx: Models, id: string) => createKey(tx, id, scopes, demoCredentials);
  const embedded = await openEmbeddedDatabase(dataDirectory, poolSize * workers, createDemoKey, log);
  await logIndexNotices(embedded.connection, config, log);
  return { ...embedded, description: `embedded in ${dataDirectory}`, demoKey: demoCredentials };
}

/** In the process that serves or starts the workers, so that each line is logged once. */
async function logIndexNotices(
  connection: Connection,
  { preparedStatements: prepared }: Config,
  log: Logger,
): Promise<void> {
  // One statement does not need a primary monitor.
  const db = openDatabase({ ...connection, servers: undefined }, { poolSize: 1, prepared });
  try {
    for (const notice of await readIndexNotices(db)) log.warn(notice);
  } catch (error) {
    log.warn(error, 'cannot read the indexes of the database');
  } finally {
    await db.$disconnect();
  }
}
