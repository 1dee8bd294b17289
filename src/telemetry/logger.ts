import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { redactLine, serializers } from './redact.ts';

/**
 * Creates a logger that writes one line of JSON per message and redacts personal data and secrets.
 * @param stream standard output by default.
 */
export function createJsonLogger(level: string, stream?: DestinationStream): Logger {
  const options: LoggerOptions = { level, serializers, hooks: { streamWrite: redactLine } };
  return stream ? pino(options, stream) : pino(options);
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
