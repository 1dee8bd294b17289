import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { postmasterPid } from './postmaster-pid.ts';
import { reaperMarkers } from './process-reaper.ts';
import { stopAfterTest } from './process-tree.ts';

/** A gateway that runs as its own process. Disposing of it sends SIGTERM and waits for the exit. */
export interface GatewayProcess extends AsyncDisposable {
  /** The URL that it listens on. */
  address: string;
  pid: number;
  /** Its standard output and standard error so far. */
  output(): string;
  /** Resolves with the exit code. */
  ended: Promise<number | null>;
  /** Sends a signal and waits for the exit. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Environment = Record<string, string>;

/** The command that starts a gateway, and whether it leads its own process group. */
export interface Start {
  command: [string, ...string[]];
  detached?: boolean;
}

const directly: Start = { command: [process.execPath, 'src/main.ts'] };

/** Starts a gateway without waiting. */
export function launch(environment: Environment, start = directly): { child: ChildProcess; output: () => string } {
  const { PATH = '', HOME = '', NODE_COMPILE_CACHE = '' } = process.env;
  const [program, ...args] = start.command;
  // On a slow machine, these limits would reject requests.
  const limits = { IN_FLIGHT_LIMIT: '0', LIMIT_DOCUMENT_MS: '0' };
  const env = {
    PATH,
    HOME,
    NODE_COMPILE_CACHE,
    PORT: '0',
    DRAIN_MS: '0',
    ...limits,
    ...reaperMarkers(),
    ...environment,
  };
  const child = spawn(program, args, { env, detached: start.detached });
  stopAfterTest(child);
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
      const match = readyPattern(environment).exec(output())?.[1];
      if (!match || countListening(output()) < Number(environment.WORKERS ?? 1)) return;
      // Searching the output again for each chunk would become slow.
      child.stdout?.off('data', look);
      resolve(match);
    };
    child.stdout?.on('data', look);
    child.on('exit', () => reject(new Error(`The gateway exited before it listened: ${output()}`)));
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

/** The log lines of processes that listen: each process writes its own with a delay, since it buffers its log. */
const countListening = (output: string) => output.match(/"Server listening at /g)?.length ?? 0;

/** Matches the last startup message, which contains the address. With the embedded database it is the banner. */
function readyPattern({ DATABASE_URL, WORKERS }: Environment): RegExp {
  if (!DATABASE_URL) return /Graph(?:iQL|QL ) {5}(http:\S+)\/graphql\n/;
  return Number(WORKERS ?? 1) > 1 ? /workers listening at (http:\S+?)"/ : /Server listening at (http:\S+?)"/;
}

/** Starts a gateway that is expected to fail, and waits for its exit. */
export async function failGateway(environment: Environment): Promise<{ code: number | null; output: string }> {
  const { child, output } = launch(environment);
  await once(child, 'close');
  return { code: child.exitCode, output: output() };
}

/** The `Authorization` header of the demo key with its secret. */
export const DEMO_OWNER = `Basic ${btoa('pk_demo:sk_demo')}`;

/** Sends an operation. @returns the response. */
export async function queryAs(address: string, authorization: string, query: string): Promise<unknown> {
  const response = await fetch(`${address}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization },
    body: JSON.stringify({ query }),
  });
  return response.json();
}

/** Sends an operation with the demo key. */
export const queryAsDemo = (address: string, query: string): Promise<unknown> => queryAs(address, DEMO_OWNER, query);

/** Whether the embedded server of a data folder is running. */
export async function serverRuns(directory: string): Promise<boolean> {
  const pid = await postmasterPid(join(directory, 'postgres')).catch(() => undefined);
  return pid !== undefined && spawnSync('kill', ['-0', String(pid)]).status === 0;
}
