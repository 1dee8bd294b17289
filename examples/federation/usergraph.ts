import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** usergraph as a process of its own. */
export interface Usergraph {
  /** The address of `/graphql`. */
  address: string;
  /** Stops it, with its database. */
  stop(): Promise<void>;
}

/** Starts usergraph with its demo data, as `npm start` does, and waits until it serves. */
export async function startUsergraph(port: number, dataDirectory: string): Promise<Usergraph> {
  const child = spawn(process.execPath, ['src/main.ts'], {
    cwd: new URL('../..', import.meta.url),
    env: { ...process.env, PORT: String(port), DATA_DIR: dataDirectory, LOG_LEVEL: 'warn', DATABASE_URL: '' },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exit = once(child, 'exit');
  const ended = exit.then(() => Promise.reject(new Error('usergraph has stopped.')));
  const address = `http://127.0.0.1:${port}`;
  while (!(await Promise.race([isReady(address), ended]))) await new Promise((again) => setTimeout(again, 100));
  ended.catch(() => {});
  const stop = async () => {
    child.kill('SIGTERM');
    await exit;
  };
  return { address: `${address}/graphql`, stop };
}

async function isReady(address: string): Promise<boolean> {
  return fetch(`${address}/health/ready`).then(
    ({ ok }) => ok,
    () => false,
  );
}
