import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { PostgresTools } from './postgres-tools.ts';
import { StartError } from './start-error.ts';

/** The port is only the socket file's name: the server does not listen on the network. */
export const port = 5432;

const socketPrefix = 'usergraph-';
/** The server's log, in its data directory. */
const LOG = 'server.log';
const PID_FILE = 'postmaster.pid';
/** How long a process of a killed server may keep its shared memory, before a start gives up. */
const leftoversMs = 10_000;

/** A server's data directory, the folder of its socket, and its settings. */
export interface ServerPlace {
  directory: string;
  socketDirectory: string;
  settings: Record<string, string>;
}

/** @returns a new folder for a server's socket, which only this user can open. @throws {StartError} */
export async function makeSocketDirectory(tools: PostgresTools): Promise<string> {
  const socketDirectory = await mkdtemp(join(socketParent(), socketPrefix)).catch((error: unknown) => {
    throw new StartError(
      `No folder can be made in ${socketParent()} for the socket of PostgreSQL (${error}). Set TMPDIR.`,
    );
  });
  await tools.handOver(socketDirectory);
  return socketDirectory;
}

/**
 * Starts the server on a complete data directory.
 * @throws {StartError} with the end of the server's log.
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
  const deadline = Date.now() + leftoversMs;
  for (;;) {
    await rm(log, { force: true });
    const args = ['start', '-w', '-t', '60', '-s', '-l', LOG, '-o', options.join(' ')];
    const { ok, output } = await tools.run('pg_ctl', args, { PGDATA: directory });
    if (ok) return;
    const lines = (await readFile(log, 'utf8').catch(() => output)).trim();
    if (lines.includes('pre-existing shared memory block') && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    const tail = lines.split('\n').slice(-5).join('\n  ');
    throw new StartError(`The embedded PostgreSQL did not start on ${directory}. The end of its log:\n  ${tail}`);
  }
}

/** Whether the server on the directory runs. A killed one may stay in the list of processes, without a command line. */
export async function serverRuns(directory: string): Promise<boolean> {
  const { pid, socketDirectory } = await readPidFile(directory);
  return pid > 0 && (await commandLine(pid)).includes(socketDirectory || 'postgres');
}

/** Removes what a killed server left behind that would keep the next one from starting in the same place. */
export async function clearLeftovers({ directory, socketDirectory }: ServerPlace): Promise<void> {
  await rm(join(directory, PID_FILE), { force: true });
  const left = await readdir(socketDirectory);
  await Promise.all(left.map((name) => rm(join(socketDirectory, name), { force: true })));
}

interface PidFile {
  /** 0: there is no such file. */
  pid: number;
  /** Empty where the server has not written it yet. */
  socketDirectory: string;
}

async function readPidFile(directory: string): Promise<PidFile> {
  const lines = (await readFile(join(directory, PID_FILE), 'utf8').catch(() => '')).split('\n');
  return { pid: Number(lines[0]), socketDirectory: lines[4] ?? '' };
}

/**
 * Stops the server on the directory, whoever started it, and waits until it is down.
 * Does nothing where none runs there.
 *
 * @throws {StartError} where it cannot be stopped.
 */
export async function stopServer(tools: PostgresTools, directory: string): Promise<void> {
  const { pid, socketDirectory } = await readPidFile(directory);
  if (pid > 0) {
    if (await serverRuns(directory)) await stopPostmaster(tools, directory);
    // A killed server. Its number may belong to another program by now, which pg_ctl would interrupt; what is left
    // of the server itself, PostgreSQL finds by its shared memory.
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
  throw new StartError(`The PostgreSQL that runs on ${directory} does not stop. End it, then start again.`);
}

/** @returns the command line of a process, or nothing where there is no such process. */
async function commandLine(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const ps = await promisify(execFile)('ps', ['-ww', '-o', 'command=', '-p', String(pid)]).catch(() => ({
    stdout: '',
  }));
  return ps.stdout;
}

/** A socket's path has at most 103 bytes on macOS, 107 on Linux. */
function socketParent(): string {
  return tmpdir().length <= 60 ? tmpdir() : '/tmp';
}

/** pg_ctl passes its options through a shell. */
function shellQuoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
