import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant, ServerSettings } from './contestant.ts';

const root = join(import.meta.dirname, '../..');

/** The prefix that runs a command on one core. */
const onCore = (core: number | undefined) => (core === undefined ? [] : ['taskset', '--cpu-list', String(core)]);

/** Time until a server must have sent its first response. */
const START_TIMEOUT_MS = 30_000;
/** Time from SIGTERM to SIGKILL. */
const STOP_TIMEOUT_MS = 12_000;

/** A running server; disposing of it stops it. */
export interface ServerProcess extends AsyncDisposable {
  contestant: Contestant;
  pid: number;
  /** Scheme, host and port. */
  origin: string;
  /** The GraphQL endpoint. */
  url: string;
}

/**
 * Starts a server and waits for its first response.
 * @throws {Error} with the server's error output if it does not start in time.
 */
export async function startServer(contestant: Contestant, settings: ServerSettings): Promise<ServerProcess> {
  const port = await freePort();
  const [command = '', ...args] = [...onCore(settings.core), process.execPath, contestant.script];
  const child = spawn(command, args, {
    cwd: root,
    // A server that logs to its standard output logs to /dev/null.
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      GRAPHILE_ENV: 'production',
      // As in `npm start`.
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile'),
      HOST: '127.0.0.1',
      PORT: String(port),
      ...contestant.environment(settings),
    },
  });
  // The server must not outlive the benchmark.
  const killAtExit = () => child.kill('SIGKILL');
  process.on('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  let errorOutput = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    errorOutput = (errorOutput + text).slice(-4000);
  });
  const failure = (reason: string) => new Error(`${contestant.name} ${reason}.${errorOutput && `\n${errorOutput}`}`);
  const origin = `http://127.0.0.1:${port}`;
  const url = `${origin}${contestant.path}`;
  try {
    if (child.pid === undefined) throw failure('could not be started');
    await waitForResponse(url, () => child.exitCode ?? child.signalCode).catch((error: Error) => {
      throw failure(error.message);
    });
    return { contestant, pid: child.pid, origin, url, [Symbol.asyncDispose]: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

async function waitForResponse(url: string, exitStatus: () => number | string | null): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    const status = exitStatus();
    if (status !== null) throw new Error(`exited (${status}) before its first response`);
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
    await sleep(50);
  }
  throw new Error(`did not respond within ${START_TIMEOUT_MS / 1000} s`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(kill);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('Cannot find a free port.');
  return address.port;
}
