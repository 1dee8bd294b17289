import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { createApp, type Dependencies } from '../app.ts';
import { createVerifyToken } from '../auth/tokens.ts';
import type { Config } from '../config/index.ts';
import { type DatabaseClient, openDatabase } from '../db/client.ts';
import { pendingMigrations } from '../db/migrations/migrate.ts';
import { describeReadOnlyCause, findReadOnlyCause } from '../db/read-only.ts';
import { countTransferJobs } from '../domain/transfer/queue.ts';
import { countInPostgres } from '../http/limits/postgres-rate-counter.ts';
import type { Counter } from '../http/limits/rate.ts';
import { computeSegments } from '../jobs/compute-segments.ts';
import { deleteOldChangesOf } from '../jobs/delete-old-changes.ts';
import { eraseDeletedUsers } from '../jobs/erase-deleted-users.ts';
import { managePartitions } from '../jobs/manage-partitions.ts';
import { repairRestoredDatabase } from '../jobs/repair-after-restore.ts';
import { type Job, runJobs } from '../jobs/run-jobs.ts';
import { deleteExpiredTransfers, runTransfers } from '../jobs/run-transfers.ts';
import { storeDeclaredAttributes } from '../jobs/store-declared-attributes.ts';
import type { Metrics } from '../telemetry/metrics/index.ts';
import type { shareWrites } from './cluster/share-writes.ts';
import type { DatabaseSource } from './database-source.ts';
import { observeWork } from './observe-work.ts';
import { type OpenReadRouting, openReadRouting } from './open-read-routing.ts';

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

/** What `serve` needs besides the configuration. */
export interface ServeOptions {
  /** Aborts the start, where it can take long. */
  signal: AbortSignal;
  /** Counts rate-limit points; by default, in this process only. */
  counter?: Counter | undefined;
  /** Exchanges writes with the other workers. */
  shareWrites?: typeof shareWrites | undefined;
  /** Undefined if no metrics are collected. */
  metrics?: Metrics | undefined;
}

/** Serves the database from this process. */
export async function serve(
  config: Config,
  { connection, demoKey }: DatabaseSource,
  log: Logger,
  { signal, counter, shareWrites, metrics }: ServeOptions,
): Promise<RunningGateway> {
  const { poolSize, preparedStatements: prepared, limits: timeouts } = config;
  const { tracer, stop: stopObserving } = await observeWork(config, log);
  const db = openDatabase(connection, { poolSize, prepared, timeouts });
  let readRouting: OpenReadRouting | undefined;
  const shutdown = new AbortController();
  const release = () => {
    metrics?.observeTransfers(undefined);
    return Promise.all([stopObserving(), readRouting?.replicas.stop(), db.$disconnect()]);
  };
  try {
    // This worker may have been restarted after a failover: the address that was assigned to it can be that of a former primary.
    await db.monitor?.ready;
    readRouting = openReadRouting(config, db, connection, shareWrites);
    metrics?.observeDatabase(db, readRouting?.replicas);
    metrics?.observeTransfers(() => countTransferJobs(db));
    await refreshIndexes(db, log, shutdown.signal);
    const repair = await startRepair(db, log, signal);
    const app = await createApp({
      ...toDependencies(config, db, counter),
      readRouting,
      observation: { metrics: metrics?.requests, tracer, slowMs: config.slowOperationMs },
      log,
      demoKey,
      ending: shutdown.signal,
    });
    const address = await app.listen({ port: config.port, host: config.host, backlog: ACCEPT_QUEUE_LENGTH });
    const stopJobs = startJobs(db, repair, config, log);
    return {
      address,
      close: async () => {
        shutdown.abort();
        await delay(config.drainMs);
        await Promise.all([app.close(), stopJobs()]);
        await release();
      },
    };
  } catch (error) {
    shutdown.abort();
    await release();
    throw error;
  }
}

/**
 * Repairs a restored database before requests are served. If this fails, because the database is unavailable or migrations are
 * pending, the job tries again.
 * @throws the reason of the signal if it aborts the repair.
 */
async function startRepair(db: DatabaseClient, log: Logger, signal: AbortSignal): Promise<Job> {
  const repair = repairRestoredDatabase(db, log, signal);
  await repair.step(repair.stepSize, 0).catch(() => {});
  signal.throwIfAborted();
  return repair;
}

/** Starts the background jobs. @returns a function that stops them once they have finished their current steps. */
function startJobs(
  db: DatabaseClient,
  repair: Job,
  { retention, eventRetentionMonths }: Config,
  log: Logger,
): () => Promise<unknown> {
  const jobs = runJobs(
    [
      repair,
      eraseDeletedUsers(db, log),
      storeDeclaredAttributes(db, log),
      deleteOldChangesOf(db, log, retention),
      deleteExpiredTransfers(db),
      managePartitions(db, log, eventRetentionMonths),
    ],
    log,
  );
  const segments = computeSegments(db, log);
  const transfers = runTransfers(db, log);
  return () => Promise.all([jobs.stop(), segments.stop(), transfers.stop()]);
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
  // The path is public: the log says which servers were asked.
  if (db.monitor?.problem !== undefined) return 'No primary is known.';
  const pending = await pendingMigrations(async (sql) => (await db.connections.query({ text: sql })).rows);
  if (pending.length > 0) return `Migrations are pending: ${pending.join(', ')}. Run npm run db:migrate.`;
  const cause = await findReadOnlyCause(db);
  return cause && `The database is read-only: ${describeReadOnlyCause(cause)}.`;
}
