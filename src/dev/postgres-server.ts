import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresTools } from './postgres-tools.ts';
import { StartError } from './start-error.ts';

/** Part of the socket file's name. The server does not listen on the network. */
export const port = 5432;

const socketPrefix = 'usergraph-';
/** The server's log, in its data directory. */
const LOG = 'server.log';
const PID_FILE = 'postmaster.pid';

/**
 * Settings of glibc's malloc for all processes of the server. With its defaults, a process returns the memory of a statement to
 * the kernel at its end, and gets it back page by page for the next one (docs/performance-steps.md#postgresqls-memory).
 */
const MALLOC_ENVIRONMENT = {
  MALLOC_TRIM_THRESHOLD_: String(64 * 1024 ** 2),
  MALLOC_MMAP_THRESHOLD_: String(32 * 1024 ** 2),
  MALLOC_TOP_PAD_: String(1024 ** 2),
};

/** How long a start waits for the child processes of a killed server to release its shared memory. */
const SHARED_MEMORY_TIMEOUT_MS = 10_000;

/** The directories and settings of a server. */
export interface ServerPlace {
  directory: string;
  socketDirectory: string;
  settings: Record<string, string>;
}

/**
 * Creates a folder for a server's socket that only this user can open.
 * @throws {StartError} if the folder cannot be created.
 */
export async function makeSocketDirectory(tools: PostgresTools): Promise<string> {
  const socketDirectory = await mkdtemp(join(socketParent(), socketPrefix)).catch((error: unknown) => {
    throw new StartError(`Cannot create a folder for PostgreSQL's socket in ${socketParent()} (${error}). Set TMPDIR.`);
  });
  await tools.handOver(socketDirectory);
  return socketDirectory;
}

/**
 * Starts the server on an initialized data directory.
 * @throws {StartError} with the last lines of the server's log.
 */
export async function startServer(
  tools: PostgresTools,
  { directory, socketDirectory, settings }: ServerPlace,
): Promise<void> {
  const log = join(directory, LOG);
  const options = Object.entries({
    TimeZone: 'UTC',
    ...settings,
    listen_addresses: '',
    port: String(port),
    unix_socket_directories: socketDirectory,
  }).map(([name, value]) => `-c ${shellQuoted(`${name}=${value}`)}`);
  const deadline = Date.now() + SHARED_MEMORY_TIMEOUT_MS;
  for (;;) {
    await rm(log, { force: true });
    const args = ['start', '-w', '-t', '60', '-s', '-l', LOG, '-o', options.join(' ')];
    const { ok, output } = await tools.run('pg_ctl', args, {
      ...MALLOC_ENVIRONMENT,
      PGDATA: directory,
    });
    if (ok) return;
    const lines = (await readFile(log, 'utf8').catch(() => output)).trim();
    if (lines.includes('pre-existing shared memory block') && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    const tail = lines.split('\n').slice(-5).join('\n  ');
    throw new StartError(
      `The embedded PostgreSQL did not start in ${directory}. The last lines of its log:\n  ${tail}`,
    );
  }
}

/** Whether the server of the data directory is running. A killed server may remain as a zombie, without a command line. */
export async function serverRuns(directory: string): Promise<boolean> {
  const { pid, socketDirectory } = await readPidFile(directory);
  return pid > 0 && (await commandLine(pid)).includes(socketDirectory || 'postgres');
}

/** Removes the PID file and the sockets of a killed server, which would prevent the next start. */
export async function clearLeftovers({ directory, socketDirectory }: ServerPlace): Promise<void> {
  await rm(join(directory, PID_FILE), { force: true });
  const names = await readdir(socketDirectory);
  await Promise.all(names.map((name) => rm(join(socketDirectory, name), { force: true })));
}

interface PidFile {
  /** 0: the file does not exist. */
  pid: number;
  /** Empty if the server has not written it yet. */
  socketDirectory: string;
}

async function readPidFile(directory: string): Promise<PidFile> {
  const lines = (await readFile(join(directory, PID_FILE), 'utf8').catch(() => '')).split('\n');
  return { pid: Number(lines[0]), socketDirectory: lines[4] ?? '' };
}

/**
 * Stops the server of the data directory, even if another process started it, and waits until it has exited. Does
 * nothing if no server is running.
 *
 * @throws {StartError} if the server does not stop in time.
 */
export async function stopServer(tools: PostgresTools, directory: string): Promise<void> {
  const { pid, socketDirectory } = await readPidFile(directory);
  if (pid > 0) {
    if (await serverRuns(directory)) await stopPostmaster(tools, directory);
    // The server was killed, and its pid may belong to another program now, which pg_ctl would signal. PostgreSQL detects
    // remaining child processes of the killed server by its shared memory.
    else await rm(join(directory, PID_FILE), { force: true });
  }
  if (basename(socketDirectory).startsWith(socketPrefix)) await rm(socketDirectory, { recursive: true, force: true });
}

async function stopPostmaster(tools: PostgresTools, directory: string): Promise<void> {
  for (const mode of ['fast', 'immediate']) {
    const { ok } = await tools.run('pg_ctl', ['stop', '-m', mode, '-w', '-t', '15', '-s'], { PGDATA: directory });
    const { output } = ok ? { output: '' } : await tools.run('pg_ctl', ['status'], { PGDATA: directory });
    if (!output.includes('server is running')) return;
  }
  throw new StartError(`Cannot stop the PostgreSQL server of ${directory}. Stop it, then start usergraph again.`);
}

/** @returns the command line of a process, or an empty string if the process does not exist. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const ps = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return ps.stdout;
}

/** The path of a Unix socket is limited to 103 bytes on macOS and 107 on Linux. */
function socketParent(): string {
  return tmpdir().length <= 60 ? tmpdir() : '/tmp';
}

/** Quotes for a shell: pg_ctl passes its options through one. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
