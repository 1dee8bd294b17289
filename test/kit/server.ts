import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { databaseUrl, TEMPLATE } from './database-url.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server's maintenance database. */
    serverUrl: string;
    /** Begins the name of every database of this run. */
    databasePrefix: string;
  }
}

/** Starts one PostgreSQL for the whole run, or takes the one of TEST_DATABASE_URL, with a migrated template. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startServer();
  const databasePrefix = `usergraph_test_${process.pid}_`;
  project.provide('serverUrl', server.url);
  project.provide('databasePrefix', databasePrefix);
  const template = databasePrefix + TEMPLATE;
  await execute(server.url, `CREATE DATABASE ${template}`);
  await migrate({ connectionString: databaseUrl(server.url, template) });
  return async () => {
    await dropDatabases(server.url, databasePrefix);
    await server.stop();
  };
}

async function startServer(): Promise<{ url: string; stop(): Promise<void> }> {
  const given = process.env.TEST_DATABASE_URL;
  if (given) return { url: given, stop: async () => {} };
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-test-'));
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings });
  const { host, port, user } = postgres.connection;
  return {
    url: `postgresql://${user}@localhost/postgres?host=${encodeURIComponent(host)}&port=${port}`,
    stop: async () => {
      await postgres.stop();
      await rm(directory, { recursive: true });
    },
  };
}

async function execute(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

async function dropDatabases(url: string, prefix: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  const { rows } = await client.query<{ datname: string }>(
    'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
    [prefix],
  );
  for (const { datname } of rows) await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  await client.end();
}
