import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, type ClientConfig } from 'pg';
import { createKey } from '../../src/auth/keys.ts';
import { type Connection, openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { prepareDataDirectory, superuser } from '../../src/dev/data-directory.ts';
import { clearLeftovers, makeSocketDirectory, port, startServer, stopServer } from '../../src/dev/postgres-server.ts';
import { openPostgresTools } from '../../src/dev/postgres-tools.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace } from '../../src/domain/workspaces/workspaces.ts';
import { basic } from './app.ts';
import { postmasterPid } from './postmaster-pid.ts';
import { signalTree } from './process-tree.ts';

export type OwnServer = Awaited<ReturnType<typeof startOwnServer>>;

const DATABASE = 'usergraph';

/**
 * Starts a separate PostgreSQL that a test can kill, pause and restart on the same data, with a migrated database and a key
 * that has every scope.
 * @param settings of postgresql.conf. Default: PostgreSQL's own settings, with durable commits.
 */
export async function startOwnServer(settings: Record<string, string> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'usergraph-own-'));
  const directory = join(folder, 'postgres');
  const tools = await openPostgresTools(directory);
  await prepareDataDirectory(tools, directory);
  const socketDirectory = await makeSocketDirectory(tools);
  const place = { directory, socketDirectory, settings };
  await startServer(tools, place);
  const connection = { host: socketDirectory, port, user: superuser, database: DATABASE };
  await queryOn({ ...connection, database: 'postgres' }, `CREATE DATABASE ${DATABASE}`);
  const owner = await migrateWithOwner(connection);
  const signalAll = async (signal: NodeJS.Signals) => signalTree(await postmasterPid(directory), signal);
  return {
    connection,
    /** The file of its socket. */
    socket: join(socketDirectory, `.s.PGSQL.${port}`),
    url: `postgresql://${superuser}@localhost/${DATABASE}?host=${encodeURIComponent(socketDirectory)}&port=${port}`,
    ...owner,
    query: (sql: string) => queryOn(connection, sql),
    /** Shuts it down, with all its sessions. */
    stop: () => stopServer(tools, directory),
    /** Kills the server; its sessions end when they see it. */
    kill: async () => void process.kill(await postmasterPid(directory), 'SIGKILL'),
    async start() {
      await mkdir(socketDirectory, { recursive: true });
      await tools.handOver(socketDirectory);
      await clearLeftovers(place);
      await startServer(tools, place);
    },
    /** Pauses the server and all its sessions: they neither respond nor close connections. */
    pause: () => signalAll('SIGSTOP'),
    resume: () => signalAll('SIGCONT'),
    async [Symbol.asyncDispose]() {
      await signalAll('SIGCONT').catch(() => {});
      await stopServer(tools, directory);
      await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    },
  };
}

/** Migrates an empty database. @returns a workspace, and the `Authorization` header of a key that has every scope. */
export async function migrateWithOwner(connection: Connection): Promise<{ workspaceId: string; owner: string }> {
  await migrate(connection);
  const db = openDatabase(connection, { poolSize: 1 });
  const { id: workspaceId } = await createWorkspace(db, 'Owner');
  const key = await createKey(db, workspaceId, scopes);
  await db.$disconnect();
  return { workspaceId, owner: basic(key.publicKey, key.secret) };
}

/** Runs a statement on a connection of its own. */
export async function queryOn(connection: ClientConfig, sql: string): Promise<Record<string, unknown>[]> {
  const client = new Client(connection);
  // The server may be killed while the client closes its connection.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
