import type { Logger } from 'pino';
import { ConfigError } from '../config/index.ts';
import { MigrationError } from '../db/migrations/migrate.ts';
import { StartError } from '../dev/start-error.ts';
import { PersistedOperationsError } from '../graphql/execution/persisted-operations.ts';

/** Ends what a process does: requests in flight are answered first. */
export type Stop = () => Promise<void>;

/** Longest time in ms that a shutdown takes after the drain: for requests in flight, and for the database. */
const SHUTDOWN_MS = 10_000;

/** Errors whose messages are for people. */
const explained = [ConfigError, StartError, MigrationError, PersistedOperationsError];

/** One line for a person, for what a person can mend; anything else is a bug, and keeps its stack. */
function explain(error: unknown): string | undefined {
  if (explained.some((known) => error instanceof known) && error instanceof Error) return error.message;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  if (error.code === 'EADDRINUSE') return `${error.message}. Stop what listens there, or set PORT.`;
  if (error.code === 'EACCES' || error.code === 'EADDRNOTAVAIL' || error.code === 'ENOTFOUND') {
    return `${error.message}. Set PORT and HOST to an address that may be listened on.`;
  }
  return undefined;
}

/** Ends the process with an explanation. */
export function exitWithError(error: unknown): never {
  process.stderr.write(`${explain(error) ?? (error instanceof Error ? error.stack : String(error))}\n`);
  process.exit(1);
}

/** Logs a bug that nothing has caught, like any other error, and ends the process. Node would print all that the error holds. */
export function exitOnUncaughtException(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.fatal({ err: error }, 'the process ends by an error that nothing has caught');
    process.exit(1);
  });
}

/**
 * Stops once, however many signals come: npm passes a Ctrl-C on that the terminal has sent already.
 * @param drainMs how long stopping goes on serving.
 */
export function stopOnSignal(started: Promise<Stop>, log: Logger, drainMs: number): void {
  let stopping = false;
  const onSignal = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info(`${signal}: finishing what is in flight`);
    setTimeout(() => exitWithError(new Error('The shutdown took too long.')), drainMs + SHUTDOWN_MS).unref();
    started.then((stop) => stop()).then(() => process.exit(0), exitWithError);
  };
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
}
