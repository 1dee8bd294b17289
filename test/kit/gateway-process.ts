import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { inject } from 'vitest';

/** The gateway as a process of its own, with what it has printed. */
export interface GatewayProcess extends AsyncDisposable {
  /** Where it listens. */
  address: string;
  pid: number;
  output(): string;
  /** Its exit code, once it has ended. */
  ended: Promise<number | null>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Environment = Record<string, string>;

/** How it is started: the program with its arguments, and whether in a process group of its own. */
export interface Start {
  command: [string, ...string[]];
  detached?: boolean;
}

const directly: Start = { command: [process.execPath, 'src/main.ts'] };

function launch(environment: Environment, start = directly): { child: ChildProcess; output: () => string } {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  const [program, ...args] = start.command;
  // On a slow machine, a gateway would refuse what it answers on another.
  const limits = { IN_FLIGHT_LIMIT: '0', LIMIT_DOCUMENT_MS: '0' };
  const env = { PATH, HOME, NODE_COMPILE_CACHE, PORT: '0', DRAIN_MS: '0', ...limits, ...environment };
  const child = spawn(program, args, { env, detached: start.detached });
  // The end of the run ends what a failed test leaves running (server.ts); the browser's tests have no such list.
  const pids = inject('gatewayPids');
  if (pids) appendFileSync(pids, `${child.pid}\n`);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (printed += chunk));
  return { child, output: () => printed };
}

/** Starts the gateway and waits until it listens. */
export async function startGateway(environment: Environment, start?: Start): Promise<GatewayProcess> {
  const { child, output } = launch(environment, start);
  const ended = once(child, 'exit').then(() => child.exitCode);
  const address = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const found = readyPattern(environment).exec(output())?.[1];
      if (!found) return;
      // All that was printed is long after a while.
      child.stdout?.off('data', look);
      resolve(found);
    };
    child.stdout?.on('data', look);
    child.on('exit', () => reject(new Error(`The gateway has not started: ${output()}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    return ended;
  };
  return {
    address,
    pid: child.pid ?? 0,
    output,
    ended,
    end,
    [Symbol.asyncDispose]: async () => void (await end('SIGTERM')),
  };
}

/** What is printed last, with the address: on the embedded database a line to paste. */
function readyPattern({ DATABASE_URL, WORKERS }: Environment): RegExp {
  if (!DATABASE_URL) return /curl -s (http:\S+)\/graphql .*\n/;
  return Number(WORKERS ?? 1) > 1 ? /workers listen at (http:\S+?)"/ : /Server listening at (http:\S+?)"/;
}

/** Starts a gateway that is to fail, and gives what it has printed. */
export async function failGateway(environment: Environment): Promise<{ code: number | null; output: string }> {
  const { child, output } = launch(environment);
  await once(child, 'close');
  return { code: child.exitCode, output: output() };
}

/** Sends an operation with the demo key. */
export async function askDemo(address: string, query: string): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa('pk_demo:sk_demo')}` },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** Whether the embedded server of a data folder runs. */
export async function serverRuns(directory: string): Promise<boolean> {
  const file = await readFile(join(directory, 'postgres', 'postmaster.pid'), 'utf8').catch(() => undefined);
  const pid = file?.split('\n', 1)[0];
  return pid !== undefined && spawnSync('kill', ['-0', pid]).status === 0;
}
