import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';

/** The gateway as a process of its own, with what it has printed. */
export interface GatewayProcess extends AsyncDisposable {
  /** Where it listens. */
  address: string;
  pid: number;
  output(): string;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<number | null>;
}

type Environment = Record<string, string>;

function launch(environment: Environment): { child: ChildProcess; output: () => string } {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(process.execPath, ['src/main.ts'], { env: { PATH, HOME, PORT: '0', ...environment } });
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (printed += chunk));
  return { child, output: () => printed };
}

/** Starts the gateway and waits until it listens. */
export async function startGateway(environment: Environment): Promise<GatewayProcess> {
  const { child, output } = launch(environment);
  const ended = once(child, 'exit');
  const address = await new Promise<string>((resolve, reject) => {
    child.stdout?.on('data', () => {
      const pattern = environment.DATABASE_URL
        ? /Server listening at (http:\S+?)"/
        : /curl -s (http:\S+)\/graphql .*\n/;
      const found = pattern.exec(output())?.[1];
      if (found) resolve(found);
    });
    child.on('exit', () => reject(new Error(`The gateway has not started: ${output()}`)));
  });
  const end = async (signal: NodeJS.Signals) => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return { address, pid: child.pid ?? 0, output, end, [Symbol.asyncDispose]: async () => void (await end('SIGTERM')) };
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
