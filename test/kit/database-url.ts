import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
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

/** Drops a database if it exists, even while sessions are connected to it; Citus would connect again. */
export async function dropDatabase(client: Client, database: string): Promise<void> {
  const { rowCount } = await client.query('SELECT FROM pg_database WHERE datname = $1', [database]);
  if (rowCount && variant.distributed) await disconnectAll(client, database);
  await client.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
}
