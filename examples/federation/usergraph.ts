import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** usergraph as a process of its own. */
export interface Usergraph {
  /** The address of `/graphql`. */
  address: string;
  /** Fulfilled when it serves; rejected where it ends before. */
  ready: Promise<void>;
  /** Stops it, with its database. */
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
    ready: Promise.race([serves(address), exit.then(() => Promise.reject(new Error('usergraph has stopped.')))]),
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

async function serves(address: string): Promise<void> {
  const asks = () =>
    fetch(`${address}/health/ready`).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await asks())) await new Promise((again) => setTimeout(again, 100));
}
