import type { Logger } from 'pino';
import { ConfigError } from '../config/index.ts';
import { MigrationError } from '../db/migrations/migrate.ts';
import { StartError } from '../dev/start-error.ts';
import { PersistedOperationsError } from '../graphql/execution/persisted-operations.ts';

/** Stops a process gracefully: in-flight requests are answered first. */
export type Stop = () => Promise<void>;

/** Maximum time in ms for a shutdown after the drain: for in-flight requests and the database. */
const SHUTDOWN_MS = 10_000;

/** Errors that an operator can fix. Their messages are printed without a stack. */
const operatorErrors = [ConfigError, StartError, MigrationError, PersistedOperationsError];

const OTHER_ADDRESS = 'Set HOST and PORT to an address that the gateway can listen on.';

/** What an operator can do if the gateway cannot listen, by the code of the error. */
const listenSteps = new Map<unknown, string>([
  ['EADDRINUSE', 'Stop the program that uses the port, or set PORT.'],
  ['EACCES', OTHER_ADDRESS],
  ['EADDRNOTAVAIL', OTHER_ADDRESS],
  ['ENOTFOUND', OTHER_ADDRESS],
]);

/** Explains errors that an operator can fix. Returns undefined for any other error, which is a bug. */
function explain(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (operatorErrors.some((type) => error instanceof type)) return error.message;
  const nextStep = 'code' in error ? listenSteps.get(error.code) : undefined;
  return nextStep && `Cannot listen: ${error.message.replace(/^listen /, '')}. ${nextStep}`;
}

/** Prints the error and exits with code 1. */
export function exitWithError(error: unknown): never {
  process.stderr.write(`${explain(error) ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exit(1);
}

/**
 * Logs an uncaught exception with redaction and exits. Node would print every property of the error.
 *
 * An unhandled promise rejection is only logged: graphql-js causes some when one item of a list fails before the others, and a
 * request must not end the process.
 */
export function exitOnUncaughtException(log: Logger): void {
  process.on('unhandledRejection', (reason) => log.error({ err: reason }, 'unhandled promise rejection'));
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'exiting because of an uncaught exception');
    process.exit(1);
  });
}

/**
 * Starts, and shuts down once on SIGINT or SIGTERM. Ignores repeated signals: npm forwards a Ctrl-C that the terminal has
 * already sent to the whole process group.
 * @param start its signal aborts the start where it waits.
 * @param drainMs how long `stop` keeps serving before it shuts down.
 * @throws any error of `start`, unless it was aborted.
 */
export async function runUntilSignal(
  start: (signal: AbortSignal) => Promise<Stop>,
  log: Logger,
  drainMs: number,
): Promise<void> {
  const stopping = new AbortController();
  const onSignal = (name: string) => {
    if (stopping.signal.aborted) return;
    stopping.abort();
    log.info(`${name} received: shutting down`);
    const maximum = drainMs + SHUTDOWN_MS;
    const timeout = new Error(`The shutdown did not finish within ${maximum} ms.`);
    setTimeout(() => exitWithError(timeout), maximum).unref();
    started.then((stop) => stop()).then(() => process.exit(0), exitUnlessAborted);
  };
  const exitUnlessAborted = (error: unknown) => {
    if (error instanceof Error && error.name === 'AbortError') process.exit(0);
    exitWithError(error);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  const started = start(stopping.signal);
  await started.catch((error: unknown) => {
    if (!stopping.signal.aborted) throw error;
  });
}
