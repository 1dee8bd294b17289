import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/db/client.ts';
import { distribute } from '../../src/db/distribution/distribute.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { partitionEvents } from '../../src/db/partitions/convert.ts';
import { analyzePartitions } from '../../src/db/partitions/create.ts';
import { idBoundOf } from '../../src/db/partitions/months.ts';
import { readPartitionState } from '../../src/db/partitions/state.ts';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { databaseUrl, disconnectAll, dropDatabase, TEMPLATE, withConnection } from './database-url.ts';
import { startPgBouncer } from './pgbouncer.ts';
import { variant } from './variant.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server's maintenance database. */
    serverUrl: string;
    /** Prefix of the names of all databases of this run. */
    databasePrefix: string;
    /** URL of a connection pooler in front of the server, for the clients of the application; empty without one. */
    poolerUrl: string;
  }
}

/**
 * Starts one PostgreSQL for the whole run, or uses the one of TEST_DATABASE_URL, and migrates the template database. With
 * TEST_POOLER=on, starts PgBouncer in front of it.
 */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-test-'));
  const server = await startServer(directory);
  // A run can have two projects that use the same server.
  const databasePrefix = `usergraph_test_${randomUUID().slice(0, 8)}_`;
  const pooler = process.env.TEST_POOLER === 'on' ? await startPgBouncer({ serverUrl: server.url }) : undefined;
  project.provide('serverUrl', server.url);
  project.provide('poolerUrl', pooler?.urlOf('postgres') ?? '');
  project.provide('databasePrefix', databasePrefix);
  const stop = async () => {
    try {
      await pooler?.[Symbol.asyncDispose]();
      await dropDatabases(server.url, databasePrefix);
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  };
  try {
    const template = databasePrefix + TEMPLATE;
    await withConnection(server.url, (client) => client.query(`CREATE DATABASE ${template}`));
    const connection = { connectionString: databaseUrl(server.url, template) };
    if (variant.distributed) await withConnection(connection.connectionString, prepareCitus);
    await migrate(connection);
    if (variant.distributed)
      await withConnection(connection.connectionString, (client) => distribute(client, { shardCount: 2 }));
    if (variant.distributed) await withConnection(server.url, (client) => disconnectAll(client, template));
    if (variant.partitioned) await partition(connection);
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

/** Makes a server the only node of a Citus cluster. */
async function prepareCitus(client: Client): Promise<void> {
  await client.query('CREATE EXTENSION citus');
  const { host, port } = client;
  await client.query('SELECT citus_set_coordinator_host($1, $2)', [host, port]);
  await client.query("SELECT citus_set_node_property($1, $2, 'shouldhaveshards', true)", [host, port]);
}

/** Partitions the events of all test databases: `TEST_PARTITIONED=on`. */
async function partition(connection: { connectionString: string }): Promise<void> {
  const db = openDatabase(connection, { poolSize: 2 });
  try {
    await partitionEvents(db);
    await analyzePartitions(db);
    const last = (await readPartitionState(db)).partitions?.at(-1);
    if (!last) throw new Error('There is no partition.');
    // Tests also insert events with random ids.
    await db.$executeRawUnsafe(
      `CREATE TABLE events_random PARTITION OF events FOR VALUES FROM ('${idBoundOf(last.to)}') TO (MAXVALUE)`,
    );
  } finally {
    await db.$disconnect();
  }
}

async function startServer(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  const url = process.env.TEST_CITUS_URL ?? process.env.TEST_DATABASE_URL;
  if (url) return { url, stop: async () => {} };
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings });
  const { host, port, user } = postgres.connection;
  return {
    url: `postgresql://${user}@localhost/postgres?host=${encodeURIComponent(host)}&port=${port}`,
    stop: () => postgres.stop(),
  };
}

function dropDatabases(url: string, prefix: string): Promise<void> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows) await dropDatabase(client, datname);
  });
}
