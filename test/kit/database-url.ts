import { setTimeout as delay } from 'node:timers/promises';
import { Client, DatabaseError } from 'pg';
import { variant } from './variant.ts';

/** Name of the migrated database, after the run's prefix, from which the others are copied. */
export const TEMPLATE = 'template';

/** The URL of another database on the same server. */
export function databaseUrl(serverUrl: string, database: string): string {
  const url = new URL(serverUrl);
  url.pathname = `/${database}`;
  return url.href;
}

/** Runs statements on a connection of their own. */
export async function withConnection<Result>(url: string, run: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await run(client);
  } finally {
    await client.end();
  }
}

/**
 * Ends the sessions of a database and admits no others, since Citus keeps one in each: a database in use cannot be copied, and one whose
 * session is connecting to the database cannot be dropped.
 */
export async function disconnectAll(client: Client, database: string): Promise<void> {
  await client.query(`ALTER DATABASE ${database} ALLOW_CONNECTIONS false`);
  const terminate = 'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1';
  while ((await client.query(terminate, [database])).rowCount) await delay(20);
}

/**
 * Drops a database if it exists, even while sessions are connected to it; Citus would connect again. The statement waits for all sessions
 * of the server, of which one can take minutes to end: then the database is left to the end of the run.
 */
export async function dropDatabase(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rowCount && variant.distributed) await disconnectAll(client, database);
  await client.query(`SET statement_timeout TO ${DROP_TIMEOUT_MS}`);
  await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`).catch((error: unknown) => {
    if (!(error instanceof DatabaseError && error.code === QUERY_CANCELED)) throw error;
  });
  await client.query('RESET statement_timeout');
}

const DROP_TIMEOUT_MS = 20_000;
const QUERY_CANCELED = '57014';
