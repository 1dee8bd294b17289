import { once } from 'node:events';
import { createServer } from 'node:net';

/** Functions that stop what has been started, in the order in which it was started. */
const stopFunctions: (() => Promise<void>)[] = [];

/** Registers a function that runs when the example ends. */
export const onStop = (stop: () => Promise<void>) => void stopFunctions.push(stop);

async function stopAll(code: number): Promise<never> {
  for (let next = stopFunctions.pop(); next; next = stopFunctions.pop()) await next();
  process.exit(code);
}

/** Runs an example until Ctrl-C or SIGTERM. If it fails, prints the error and stops what it has started. */
export async function runExample(start: () => Promise<void>): Promise<void> {
  process.on('SIGINT', () => stopAll(0)).on('SIGTERM', () => stopAll(0));
  try {
    await start();
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
    await stopAll(1);
  }
}

/**
 * Reads the first of the example's ports from the command's first argument.
 *
 * @param count the number of consecutive ports that the example needs.
 * @throws {Error} if it is not a port, if it is too high for the next ones, or if another program uses one of them.
 */
export async function readPort(command: string, defaultPort: number, count: number): Promise<number> {
  const [, , argument = String(defaultPort)] = process.argv;
  const port = Number(argument);
  const highest = 65_535 - count + 1;
  if (!Number.isInteger(port) || port < 1 || port > highest) {
    throw new Error(
      `PORT must be between 1 and ${highest}, because the example uses ${count} consecutive ports; got ${argument}. Example: npm run ${command} -- ${defaultPort}`,
    );
  }
  for (let used = port; used < port + count; used += 1) await requireFreePort(command, used);
  return port;
}

async function requireFreePort(command: string, port: number): Promise<void> {
  const server = createServer().listen(port, '127.0.0.1');
  await once(server, 'listening').catch(({ code }) => {
    throw new Error(`Cannot listen on port ${port} (${code}). Choose another port: npm run ${command} -- PORT`);
  });
  server.close();
  await once(server, 'close');
}
