import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** A server that runs as a child process. */
export interface ServerProcess {
  /** Resolves when the server is ready; rejects if the process exits before. */
  ready: Promise<void>;
  /** Stops the process, and waits for its exit. */
  stop(): Promise<void>;
}

interface Options {
  name: string;
  /** The arguments of Node.js. */
  args: string[];
  cwd: string;
  env: Record<string, string>;
  /** A URL that the server answers with success when it is ready. */
  readyUrl: string;
}

/** Starts a server without waiting. Its standard output is not shown, its standard error is. */
export function startServer({ name, args, cwd, env, readyUrl }: Options): ServerProcess {
  const child = spawn(process.execPath, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const exit = once(child, 'exit');
  return {
    ready: Promise.race([
      waitUntilReady(readyUrl),
      exit.then(() => Promise.reject(new Error(`${name} exited before it was ready.`))),
    ]),
    stop: async () => {
      child.kill('SIGTERM');
      await exit;
    },
  };
}

/** Starts usergraph with its demo data, as `npm start` does. Stopping it also stops its database. */
export function startUsergraph(port: number, dataDirectory: string): ServerProcess & { address: string } {
  const origin = `http://127.0.0.1:${port}`;
  const server = startServer({
    name: 'usergraph',
    args: ['src/main.ts'],
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { PORT: String(port), DATA_DIR: dataDirectory, LOG_LEVEL: 'warn', DATABASE_URL: '' },
    readyUrl: `${origin}/health/ready`,
  });
  return { ...server, address: `${origin}/graphql` };
}

async function waitUntilReady(url: string): Promise<void> {
  const isReady = () =>
    fetch(url).then(
      ({ ok }) => ok,
      () => false,
    );
  while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 100));
}
