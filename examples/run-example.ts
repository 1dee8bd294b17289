/** Functions that stop what has been started, in the order in which it was started. */
const stops: (() => Promise<void>)[] = [];

/** Registers what has to be stopped at the end of the example. */
export const onStop = (stop: () => Promise<void>) => void stops.push(stop);

async function stopAll(code: number): Promise<never> {
  for (let next = stops.pop(); next; next = stops.pop()) await next();
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
 * The port in the command's first argument.
 *
 * @param count the number of consecutive ports that the example needs.
 * @throws {Error} if it is not a port, or too high for the next ones.
 */
export function readPort(command: string, standard: number, count: number): number {
  const [, , argument = String(standard)] = process.argv;
  const port = Number(argument);
  const highest = 65_535 - count + 1;
  if (Number.isInteger(port) && port > 0 && port <= highest) return port;
  throw new Error(
    `PORT must be between 1 and ${highest}, because the example uses ${count} consecutive ports; got ${argument}. Example: npm run ${command} -- ${standard}`,
  );
}
