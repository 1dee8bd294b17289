import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createApp, type Dependencies } from '../app.ts';
import { createVerifyToken } from '../auth/tokens.ts';
import type { Config } from '../config/index.ts';
import { type DatabaseClient, openDatabase } from '../db/client.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { countInPostgres } from '../http/limits/postgres-rate-counter.ts';
import type { Counter } from '../http/limits/rate.ts';
import { computeSegments } from '../jobs/compute-segments.ts';
import { deleteOldChangesOf } from '../jobs/delete-old-changes.ts';
import { eraseDeletedUsers } from '../jobs/erase-deleted-users.ts';
import { repairRestoredDatabase } from '../jobs/repair-after-restore.ts';
import { runJobs } from '../jobs/run-jobs.ts';
import { deleteExpiredTransfers, runTransfers } from '../jobs/run-transfers.ts';
import { storeDeclaredAttributes } from '../jobs/store-declared-attributes.ts';
import type { DatabaseSource } from './database-source.ts';

/** Length of the accept queue. When it is full, the kernel drops SYN packets, and clients retry after one or three seconds. */
const ACCEPT_QUEUE_LENGTH = 4_096;

/** How long in ms until filters use an index that has been created. */
const INDEX_REFRESH_MS = 60_000;

/** A gateway that is listening. */
export interface RunningGateway {
  /** Such as `http://127.0.0.1:4000`. */
  address: string;
  /** Reports not ready, keeps serving for `drainMs`, then finishes in-flight requests and disconnects from the database. */
  close(): Promise<void>;
}

/**
 * Serves the database from this process.
 * @param counter counts rate-limit points; by default, in this process only.
 */
export async function serve(
  config: Config,
  { connection, demoKey }: DatabaseSource,
  log: Logger,
  counter?: Counter,
): Promise<RunningGateway> {
  const db = openDatabase(connection, {
    poolSize: config.poolSize,
    prepared: config.preparedStatements,
    timeouts: config.limits,
  });
  const shutdown = new AbortController();
  try {
    await refreshIndexes(db, log, shutdown.signal);
    const repair = repairRestoredDatabase(db, log);
    // If this fails, the job tries again: the database can be unavailable, or migrations pending.
    await repair.step(repair.stepSize, 0).catch(() => {});
    const app = await createApp({ ...toDependencies(config, db, counter), log, demoKey, ending: shutdown.signal });
    const address = await app.listen({ port: config.port, host: config.host, backlog: ACCEPT_QUEUE_LENGTH });
    const jobs = runJobs(
      [
        repair,
        eraseDeletedUsers(db, log),
        storeDeclaredAttributes(db, log),
        deleteOldChangesOf(db, log, config.retention),
        deleteExpiredTransfers(db),
      ],
      log,
    );
    const segments = computeSegments(db, log);
    const transfers = runTransfers(db, log);
    return {
      address,
      close: async () => {
        shutdown.abort();
        await delay(config.drainMs);
        await Promise.all([app.close(), jobs.stop(), segments.stop(), transfers.stop()]);
        await db.$disconnect();
      },
    };
  } catch (error) {
    shutdown.abort();
    await db.$disconnect();
    throw error;
  }
}

/**
 * Reads which indexes filters can use, and again every minute until the signal. While the database is unavailable, what was read
 * last remains.
 */
async function refreshIndexes(db: DatabaseClient, log: Logger, signal: AbortSignal): Promise<void> {
  const refresh = () =>
    db.indexes.refresh(db).catch((error: unknown) => log.warn(error, 'cannot read the indexes of the database'));
  await refresh();
  const repeat = async () => {
    for (;;) {
      await delay(INDEX_REFRESH_MS, undefined, { signal, ref: false });
      await refresh();
    }
  };
  // The signal rejects the delay.
  repeat().catch(() => {});
}

/** The dependencies of the app that follow from the configuration and the database. */
function toDependencies(config: Config, db: DatabaseClient, counter: Counter | undefined) {
  return {
    db,
    readiness: () => explainUnreadiness(db),
    corsOrigins: config.corsOrigins,
    limits: config.limits,
    trustProxy: config.trustProxy,
    inFlightLimit: config.inFlightLimit,
    rateLimits: config.rateLimits,
    counter: config.rateLimitStore === 'postgres' ? countInPostgres(db) : counter,
    admissionLimits: config.admissionLimits,
    verifyToken: config.tokens && createVerifyToken(config.tokens),
    persistedOperations: config.persistedOperations,
    graphiql: config.graphiql && { requiresSchemaRead: config.graphiql === 'schemaReaders' },
  } satisfies Partial<Dependencies>;
}

/** Returns why the gateway is not ready, or undefined if it is ready. */
async function explainUnreadiness(db: DatabaseClient): Promise<string | undefined> {
  const pending = await pendingMigrations(async (sql) => (await db.pool.query(sql)).rows);
  return pending.length === 0 ? undefined : `Migrations are pending: ${pending.join(', ')}. Run npm run db:migrate.`;
}
