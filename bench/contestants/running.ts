import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Contestant, Setting } from './contestant.ts';

const root = join(import.meta.dirname, '../..');

/** Most ms from a contestant's start to its first answer, and from the signal to its end. */
const START_MS = 30_000;
const STOP_MS = 12_000;

/** A contestant's process, which serves. */
export interface Running extends AsyncDisposable {
  contestant: Contestant;
  pid: number;
  url: string;
}

/** Starts a contestant and waits until it answers. @throws with what it has said, where it does not. */
export async function start(contestant: Contestant, setting: Setting): Promise<Running> {
  const port = await freePort();
  const child = spawn(process.execPath, [contestant.script], {
    cwd: root,
    // What it writes goes where a log would cost least: away.
    stdio: ['ignore', 'ignore', 'pipe'],
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      NODE_ENV: 'production',
      GRAPHILE_ENV: 'production',
      // As `npm start` has it.
      NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/compile'),
      HOST: '127.0.0.1',
      PORT: String(port),
      ...contestant.environment(setting),
    },
  });
  // Whatever ends this process, ends the contestants.
  const killAtExit = () => child.kill('SIGKILL');
  process.on('exit', killAtExit);
  child.once('exit', () => process.off('exit', killAtExit));
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-4000);
  });
  const failed = (why: string) => new Error(`${contestant.name} ${why}.${said && `\n${said}`}`);
  const url = `http://127.0.0.1:${port}${contestant.path}`;
  try {
    if (child.pid === undefined) throw failed('does not start');
    await answers(url, () => child.exitCode ?? child.signalCode).catch((error: Error) => {
      throw failed(error.message);
    });
    return { contestant, pid: child.pid, url, [Symbol.asyncDispose]: () => end(child) };
  } catch (error) {
    await end(child);
    throw error;
  }
}

async function answers(url: string, ended: () => number | string | null): Promise<void> {
  const deadline = Date.now() + START_MS;
  while (Date.now() < deadline) {
    const reason = ended();
    if (reason !== null) throw new Error(`ended (${reason}) before it answered`);
    const response = await fetch(url).catch(() => undefined);
    await response?.body?.cancel();
    if (response) return;
    await sleep(50);
  }
  throw new Error(`did not answer within ${START_MS / 1000} s`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  const kill = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
  await ended;
  clearTimeout(kill);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('There is no free port.');
  return address.port;
}
