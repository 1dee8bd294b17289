import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { postgresUser } from '../../src/dev/postgres-tools.ts';
import { databaseUrl } from './database-url.ts';

/** The program of Debian, unless `TEST_PGBOUNCER` names that of another version. */
const { TEST_PGBOUNCER: PROGRAM = '/usr/sbin/pgbouncer' } = process.env;

/** The version of PgBouncer, such as 1.18; undefined if it is not installed. @throws {Error} if `TEST_PGBOUNCER` is not PgBouncer. */
export const pgbouncerVersion = readVersion();

function readVersion(): string | undefined {
  const { stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
  const version = /^PgBouncer (\d+\.\d+)/.exec(stdout ?? '')?.[1];
  if (version === undefined && process.env.TEST_PGBOUNCER)
    throw new Error(`${PROGRAM} (TEST_PGBOUNCER) is not PgBouncer.`);
  return version;
}

/** Whether a version keeps prepared statements: from 1.21. */
export function keepsPreparedStatements(version = '0'): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  return major > 1 || (major === 1 && minor >= 21);
}

/** Whether the installed version keeps prepared statements. */
export const keepsPrepared = keepsPreparedStatements(pgbouncerVersion);

/** A running PgBouncer. */
export interface PgBouncer extends AsyncDisposable {
  /** The URL of a database behind it. */
  urlOf(database: string): string;
  /** Its log so far. */
  log(): string;
}

interface PgBouncerOptions {
  /** The URL of the server. */
  serverUrl: string;
  /** Settings instead of the shipped ones; null leaves one out. */
  settings?: Record<string, string | null>;
  /** Instead of the shipped one; null for none. */
  connectQuery?: string | null;
}

/** Starts PgBouncer with the shipped configuration in front of all databases of a server. */
export async function startPgBouncer({ serverUrl, ...options }: PgBouncerOptions): Promise<PgBouncer> {
  const directory = await mkdtemp(join(tmpdir(), 'usergraph-pgbouncer-'));
  // PgBouncer does not run as root.
  const user = process.getuid?.() === 0 ? await postgresUser(directory) : undefined;
  if (user) await chown(directory, user.uid, user.gid);
  const file = join(directory, 'pgbouncer.ini');
  const server = new Client({ connectionString: serverUrl });
  await writeFile(file, await configurationFor(server, directory, options));
  await writeFile(join(directory, 'userlist.txt'), `"${server.user}" "${server.password ?? ''}"\n`);
  const child = spawn(PROGRAM, [file], { ...user, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log += chunk));
  const exit = once(child, 'exit');
  while (!log.includes('process up')) {
    if (child.exitCode !== null) throw new Error(`PgBouncer exited: ${log}`);
    await delay(10);
  }
  const url = `postgresql://${server.user}@localhost/postgres?host=${encodeURIComponent(directory)}&port=${PORT}`;
  return {
    urlOf: (database) => databaseUrl(url, database),
    log: () => log,
    async [Symbol.asyncDispose]() {
      // SIGINT and SIGTERM wait for clients in some versions.
      child.kill('SIGQUIT');
      await exit;
      await rm(directory, { recursive: true });
    },
  };
}

/** Part of the name of the socket; PgBouncer does not listen on the network. */
const PORT = 6432;

/** The shipped configuration for all databases of a server, with what a test needs. */
async function configurationFor(
  server: Client,
  directory: string,
  { settings = {}, connectQuery }: Omit<PgBouncerOptions, 'serverUrl'>,
): Promise<string> {
  const [shipped, shippedQuery] =
    /^usergraph = host=127\.0\.0\.1 port=5432 dbname=usergraph (connect_query='.+')$/m.exec(
      await readFile(SHIPPED, 'utf8'),
    ) ?? [];
  if (!shipped || !shippedQuery) throw new Error(`${SHIPPED} has another line for the database.`);
  const query =
    connectQuery === undefined ? shippedQuery : connectQuery === null ? '' : `connect_query='${connectQuery}'`;
  const own = {
    ...{ listen_addr: '', listen_port: PORT, unix_socket_dir: directory, auth_type: 'trust' },
    auth_file: join(directory, 'userlist.txt'),
    ...(keepsPrepared ? { max_prepared_statements: '300' } : {}),
    ...settings,
  };
  const lines = (await readFile(SHIPPED, 'utf8'))
    .replace(shipped, `* = host=${server.host} port=${server.port} ${query}`)
    .split('\n')
    .filter((line) => !Object.keys(own).some((name) => line.startsWith(`${name} =`)));
  const added = Object.entries(own).flatMap(([name, value]) => (value === null ? [] : `${name} = ${value}`));
  return [...lines, ...added, ''].join('\n');
}

const SHIPPED = 'deploy/pgbouncer/pgbouncer.ini';
