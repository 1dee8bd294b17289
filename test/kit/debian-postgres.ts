import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { postgresUser } from '../../src/dev/postgres-tools.ts';
import { checkInstalled } from './installed.ts';
import { reaperMarkers } from './process-reaper.ts';

/** The programs of Debian's PostgreSQL 15, which .ci/run installs. The embedded one has no pg_basebackup, psql and TLS. */
const PROGRAMS = '/usr/lib/postgresql/15/bin';

/** Whether the programs are installed. */
export const hasDebianPostgres = checkInstalled('PostgreSQL 15', existsSync(join(PROGRAMS, 'pg_basebackup')));

/** A folder in which Debian's PostgreSQL runs, as the user `postgres` if the tests run as root. */
export interface DebianPostgres extends AsyncDisposable {
  folder: string;
  /** The data directory. */
  directory: string;
  /** The variables with which psql and other programs find the server. */
  variables: Record<string, string>;
  /** The URL of a database on the Unix socket, as the superuser. */
  url(database: string): string;
  /** Runs commands, with PostgreSQL's programs in the PATH. @returns their output. @throws {Error} if one fails. */
  shell(commands: string, variables?: Record<string, string>): Promise<string>;
  start(): Promise<void>;
}

interface DebianPostgresOptions {
  /** Lines of postgresql.conf, in which `$folder` is the folder. */
  settings?: string;
  /** A free port of 127.0.0.1 on which the server also listens. */
  port?: number;
}

/**
 * Initializes a data directory and starts a server on a Unix socket. Disposing of it stops every server in the folder, and deletes the
 * folder.
 */
export async function startDebianPostgres({
  settings = '',
  port,
}: DebianPostgresOptions = {}): Promise<DebianPostgres> {
  const folder = await mkdtemp(join(tmpdir(), 'usergraph-debian-'));
  const directory = join(folder, 'data');
  const variables = { PGHOST: folder, PGPORT: String(port ?? 5432), PGUSER: 'postgres', PGDATA: directory };
  const owner = process.getuid?.() === 0 ? await postgresUser(folder) : undefined;
  if (owner) await chown(folder, owner.uid, owner.gid);
  const asOwner = owner ? ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups'] : [];
  const shell = (commands: string, more: Record<string, string> = {}) =>
    run([...asOwner, 'sh', '-euc', commands], folder, { ...variables, ...more });
  const start = async () => void (await shell('pg_ctl -D "$PGDATA" -l "$PGDATA/server.log" -w -s start'));
  await shell('initdb --username=postgres --auth=trust --encoding=UTF8 --locale=C.UTF-8 --no-sync');
  const lines = [
    `unix_socket_directories = '${folder}'`,
    `listen_addresses = '${port === undefined ? '' : '127.0.0.1'}'`,
    `port = ${variables.PGPORT}`,
    'fsync = off',
    settings.replaceAll('$folder', folder),
  ];
  await appendFile(join(directory, 'postgresql.conf'), `${lines.join('\n')}\n`);
  await start();
  return {
    folder,
    directory,
    variables,
    url: (database) =>
      `postgresql://postgres@localhost/${database}?host=${encodeURIComponent(folder)}&port=${variables.PGPORT}`,
    shell,
    start,
    async [Symbol.asyncDispose]() {
      await shell('for file in */postmaster.pid; do pg_ctl -D "$(dirname "$file")" -m immediate -w -s stop || :; done');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function run([program = '', ...args]: string[], cwd: string, variables: Record<string, string>): Promise<string> {
  const { PATH = '' } = process.env;
  const env = { PATH: `${PROGRAMS}:${PATH}`, LC_ALL: 'C', ...reaperMarkers(), ...variables };
  const child = spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  if (code !== 0) throw new Error(`${args.at(-1)}\nexited with ${code}: ${stderr || stdout}`);
  return stdout;
}

/**
 * The first code block of a language below a heading of docs/operating.md: a test runs the commands that the page shows.
 * @throws {Error} if there is none.
 */
export async function readDocumentedCode(heading: string, language = 'sh'): Promise<string> {
  const page = await readFile('docs/operating.md', 'utf8');
  const section = page.split(new RegExp(`^##+ ${heading}\n`, 'm'))[1]?.split(/^##+ /m)[0] ?? '';
  const code = new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'ms').exec(section)?.[1];
  if (code === undefined) throw new Error(`docs/operating.md has no ${language} code below "${heading}".`);
  return code;
}
