import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createApp } from '../app.ts';
import { createVerifyToken } from '../auth/tokens.ts';
import type { Config } from '../config/index.ts';
import { type DatabaseClient, openDatabase } from '../db/client.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { countInPostgres } from '../http/limits/postgres-rate-counter.ts';
import type { Counter } from '../http/limits/rate.ts';
import { startErasure } from '../jobs/erase-deleted-users.ts';
import type { DatabaseSource } from './database-source.ts';

/** Connections that may wait to be accepted; past that, the system has clients try again after one second, or three. */
const BACKLOG = 4_096;

/** A gateway that listens. */
export interface RunningGateway {
  /** Such as `http://127.0.0.1:4000`. */
  address: string;
  /** Says that it is not ready and serves on for `drainMs`; then answers what is in flight, and lets go of the database. */
  close(): Promise<void>;
}

/** Serves the store from this process. @param counter left out: this process counts the points of keys alone. */
export async function serve(
  config: Config,
  { connection, demoKey }: DatabaseSource,
  log: Logger,
  counter?: Counter,
): Promise<RunningGateway> {
  const db = openDatabase(connection, {
    poolSize: config.poolSize,
    prepared: config.preparedStatements,
    waits: config.limits,
  });
  const ending = new AbortController();
  try {
    const app = await createApp({
      db,
      log,
      readiness: () => unreadiness(db),
      ending: ending.signal,
      corsOrigins: config.corsOrigins,
      limits: config.limits,
      trustProxy: config.trustProxy,
      inFlightLimit: config.inFlightLimit,
      rateLimits: config.rateLimits,
      counter: config.rateLimitStore === 'postgres' ? countInPostgres(db) : counter,
      admissionLimits: config.admissionLimits,
      verifyToken: config.tokens && createVerifyToken(config.tokens),
      persistedOperations: config.persistedOperations,
      graphiql: config.graphiql && { demoKey, forSchemaReaders: config.graphiql === 'schemaReaders' },
    });
    const address = await app.listen({ port: config.port, host: config.host, backlog: BACKLOG });
    if (!demoKey) await warnIfUnready(db, log);
    const erasure = startErasure(db, log);
    return {
      address,
      close: async () => {
        ending.abort();
        await delay(config.drainMs);
        await Promise.all([app.close(), erasure.stop()]);
        await db.$disconnect();
      },
    };
  } catch (error) {
    await db.$disconnect();
    throw error;
  }
}

/** Why the gateway cannot serve from its database, or nothing where it can. */
async function unreadiness(db: DatabaseClient): Promise<string | undefined> {
  const pending = await pendingMigrations(async (sql) => (await db.pool.query(sql)).rows);
  return pending.length === 0 ? undefined : `Migrations are pending: ${pending.join(', ')}. Run npm run db:migrate.`;
}

/** Tells an operator at once what `/health/ready` would. */
async function warnIfUnready(db: DatabaseClient, log: Logger): Promise<void> {
  try {
    const reason = await unreadiness(db);
    if (reason) log.warn(reason);
  } catch (error) {
    log.warn({ err: error }, 'The database of DATABASE_URL cannot be reached yet.');
  }
}
