import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { startEmbeddedPostgres } from '../../src/dev/embedded-postgres.ts';
import { databaseUrl, TEMPLATE, withConnection } from './database-url.ts';
import { signalTree } from './process-tree.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** URL of the server's maintenance database. */
    serverUrl: string;
    /** Prefix of the names of all databases of this run. */
    databasePrefix: string;
    /** The file to which tests write the ids of the gateways that they start, one per line. */
    gatewayPids: string;
  }
}

/** Starts one PostgreSQL for the whole run, or uses the one of TEST_DATABASE_URL, and migrates the template database. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-test-'));
  const gatewayPids = join(directory, 'gateway-pids');
  await writeFile(gatewayPids, '');
  const server = await startServer(directory);
  const databasePrefix = `usergraph_test_${process.pid}_`;
  project.provide('serverUrl', server.url);
  project.provide('databasePrefix', databasePrefix);
  project.provide('gatewayPids', gatewayPids);
  const stop = async () => {
    try {
      await endGateways((await readFile(gatewayPids, 'utf8')).split('\n').filter(Boolean).map(Number));
      await dropDatabases(server.url, databasePrefix);
    } finally {
      await server.stop();
      await rm(directory, { recursive: true });
    }
  };
  try {
    const template = databasePrefix + TEMPLATE;
    await withConnection(server.url, (client) => client.query(`CREATE DATABASE ${template}`));
    await migrate({ connectionString: databaseUrl(server.url, template) });
  } catch (error) {
    await stop();
    throw error;
  }
  return stop;
}

async function startServer(directory: string): Promise<{ url: string; stop(): Promise<void> }> {
  const url = process.env.TEST_DATABASE_URL;
  if (url) return { url, stop: async () => {} };
  const settings = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', max_connections: '300' };
  const postgres = await startEmbeddedPostgres({ directory: join(directory, 'postgres'), settings });
  const { host, port, user } = postgres.connection;
  return {
    url: `postgresql://${user}@localhost/postgres?host=${encodeURIComponent(host)}&port=${port}`,
    stop: () => postgres.stop(),
  };
}

/** Ends the gateways that tests have left running: one that fails or times out does not reach its own clean-up. */
async function endGateways(pids: number[]): Promise<void> {
  const left = pids.filter(isGateway);
  if (left.length === 0) return;
  console.error(`Tests have left ${left.length} gateways running, which are ended: ${left.join(', ')}`);
  for (const pid of left) process.kill(pid, 'SIGTERM');
  for (let tries = 0; tries < 100 && left.some(isGateway); tries += 1) await delay(100);
  for (const pid of left.filter(isGateway)) signalTree(pid, 'SIGKILL');
}

/** Whether a process runs a gateway. Another program can have the id of one that has ended. */
function isGateway(pid: number): boolean {
  const { stdout } = spawnSync('ps', ['-o', 'args=', '-p', `${pid}`], { encoding: 'utf8' });
  return /src\/main\.ts|npm/.test(stdout);
}

function dropDatabases(url: string, prefix: string): Promise<void> {
  return withConnection(url, async (client) => {
    const { rows } = await client.query<{ datname: string }>(
      'SELECT datname FROM pg_database WHERE starts_with(datname, $1)',
      [prefix],
    );
    for (const { datname } of rows) await client.query(`DROP DATABASE "${datname}" WITH (FORCE)`);
  });
}
