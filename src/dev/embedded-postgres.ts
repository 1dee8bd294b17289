import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { Client } from 'pg';
import { prepareDataDirectory, superuser } from './data-directory.ts';
import { keepRunning, type Log } from './keep-running.ts';
import { makeSocketDirectory, port, startServer, stopServer } from './postgres-server.ts';
import { openPostgresTools } from './postgres-tools.ts';

export interface EmbeddedPostgres {
  /** Settings for pg. `host` is the folder of the server's socket; `ssl` keeps PGSSLMODE out. */
  connection: { host: string; port: number; user: string; database: string; ssl: false };
  /** Ends all connections and waits until the server is down. Calling it again changes nothing. */
  stop(): Promise<void>;
}

export interface EmbeddedPostgresOptions {
  /** Where the data is, or will be made. One process at a time: see lockDirectory. */
  directory: string;
  /** Settings of postgresql.conf, such as `fsync: 'off'` for tests. */
  settings?: Record<string, string>;
  /** Where it is told when the server has ended by itself and starts again. Left out: it is not started again. */
  log?: Log | undefined;
}

const database = 'usergraph';

/**
 * Starts a real PostgreSQL of our own, which only this user reaches, through a socket. Makes the data on the first
 * start, stops a server that a killed usergraph left behind, and recovers the data of a server that was killed.
 *
 * PostgreSQL's own tools rather than the EmbeddedPostgres class: that one's server gets the terminal's Ctrl-C together
 * with the gateway, and its exit hooks end the process.
 *
 * @throws {StartError} where it cannot start.
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
  const endWatch = options.log && keepRunning(tools, place, options.log);
  async function stop(): Promise<void> {
    await endWatch?.();
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
