import { type DestinationStream, type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { redactLine, serializers } from './redact.ts';

/**
 * Standard output gets one write per 3 KB or 100 ms instead of one per request, which takes 5 % less CPU time for a small
 * request (docs/performance-steps.md). A write has at most 4 KB, which a pipe accepts as a whole, so that the lines of several
 * workers do not mix. A fatal message and the end of the process flush the buffer; kill -9 loses at most the last 100 ms.
 */
const BUFFERING = { sync: false, minLength: 3 * 1024, maxWrite: 4 * 1024, periodicFlush: 100 };

/**
 * Creates a logger that writes one line of JSON per message and redacts personal data and secrets.
 * @param stream standard output by default, buffered.
 */
export function createJsonLogger(level: string, stream: DestinationStream = pino.destination(BUFFERING)): Logger {
  return pino({ level, serializers, hooks: { streamWrite: redactLine } }, stream);
}

/**
 * Creates a logger that writes readable text to a terminal, and JSON anywhere else.
 * @param showPid whether the text shows the process id, to distinguish several workers. JSON always contains it.
 */
export function createLogger(level: string, showPid = false): Logger {
  if (!process.stdout.isTTY) return createJsonLogger(level);
  const prettify = prettyFactory({
    colorize: true,
    ignore: `${showPid ? '' : 'pid,'}hostname,requestId,method,route,status,ms`,
    translateTime: 'HH:MM:ss',
  });
  return createJsonLogger(level, { write: (line) => process.stdout.write(prettify(JSON.parse(line)) ?? line) });
}
