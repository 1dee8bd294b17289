import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
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
/** How long a process of a killed server may keep its shared memory, before a start gives up. */
const leftoversMs = 10_000;

/**
 * Starts the server on a complete data directory.
 *
 * @returns the folder of its socket, which only this user can open.
 * @throws {StartError} with the end of the server's log.
 */
export async function startServer(
  tools: PostgresTools,
  directory: string,
  settings: Record<string, string>,
): Promise<string> {
  const socketDirectory = await mkdtemp(join(socketParent(), socketPrefix)).catch((error: unknown) => {
    throw new StartError(
      `No folder can be made in ${socketParent()} for the socket of PostgreSQL (${error}). Set TMPDIR.`,
    );
  });
  await tools.handOver(socketDirectory);
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
    if (ok) return socketDirectory;
    const lines = (await readFile(log, 'utf8').catch(() => output)).trim();
    if (lines.includes('pre-existing shared memory block') && Date.now() < deadline) {
      await sleep(100);
      continue;
    }
    await rm(socketDirectory, { recursive: true, force: true });
    const tail = lines.split('\n').slice(-5).join('\n  ');
    throw new StartError(`The embedded PostgreSQL did not start on ${directory}. The end of its log:\n  ${tail}`);
  }
}

/**
 * Stops the server on the directory, whoever started it, and waits until it is down.
 * Does nothing where none runs there.
 *
 * @throws {StartError} where it cannot be stopped.
 */
export async function stopServer(tools: PostgresTools, directory: string): Promise<void> {
  const pidFile = join(directory, 'postmaster.pid');
  const lines = (await readFile(pidFile, 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  const socketDirectory = lines[4] ?? '';
  if (pid > 0) {
    if ((await commandLine(pid)).includes(socketDirectory || 'postgres')) await stopPostmaster(tools, directory);
    // A killed server. Its number may belong to another program by now, which pg_ctl would interrupt; what is left
    // of the server itself, PostgreSQL finds by its shared memory.
    else await rm(pidFile, { force: true });
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
