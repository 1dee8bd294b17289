/**
 * Errors of listeners: of those that observe the work of the gateway, and of those that are called at the end of a request. An
 * error of one affects neither the work nor the other listeners.
 */

/** How often in ms the errors of one source are logged. */
const LOG_INTERVAL_MS = 60_000;

type LogError = (error: unknown, source: string) => void;

const logAsWarning: LogError = (error, source) =>
  process.emitWarning(`A listener of ${source} failed: ${error instanceof Error ? error.stack : String(error)}`);

let logError = logAsWarning;
let count = 0;
/** By source, when an error was last logged. */
const loggedAt = new Map<string, number>();

/** Sets how errors of listeners are logged; by default, as warnings of the process. Call it on startup. */
export function logListenerErrors(log: LogError): void {
  logError = log;
}

/** Number of errors of listeners in this process. */
export const countListenerErrors = (): number => count;

/** Counts an error of a listener. Logs the first one of a source, and then at most one per minute. @param source a fixed set. */
export function reportListenerError(error: unknown, source: string): void {
  count += 1;
  const now = performance.now();
  if (now - (loggedAt.get(source) ?? Number.NEGATIVE_INFINITY) < LOG_INTERVAL_MS) return;
  loggedAt.set(source, now);
  logError(error, source);
}
