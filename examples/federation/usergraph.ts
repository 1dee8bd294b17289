import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** A child process that runs usergraph. */
export interface Usergraph {
  /** The address of `/graphql`. */
  address: string;
  /** Resolves when usergraph is ready; rejects if the process exits before. */
  ready: Promise<void>;
  /** Stops the process, and its database with it. */
  stop(): Promise<void>;
}

/** Starts usergraph with its demo data, as `npm start` does. */
export function startUsergraph(port: number, dataDirectory: string): Usergraph {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, PORT: String(port), DATA_DIR: dataDirectory, LOG_LEVEL: 'warn', DATABASE_URL: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exit = once(child, 'exit');
  const address = `http://127.0.0.1:${port}`;
  return {
    address: `${address}/graphql`,
    ready: Promise.race([
      waitUntilReady(address),
      exit.then(() => Promise.reject(new Error('usergraph exited before it was ready.'))),
    ]),
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function waitUntilReady(address: string): Promise<void> {
  const isReady = () =>
    fetch(`${address}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 100));
}
