import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { redactLine, serializers } from './redact.ts';

/** One line of JSON a message, without what nobody should read in a log. @param stream standard output by default. */
export function createJsonLogger(level: string, stream?: DestinationStream): Logger {
  const options: LoggerOptions = { level, serializers, hooks: { streamWrite: redactLine } };
  return stream ? pino(options, stream) : pino(options);
}

/**
 * One line a message: readable on a terminal, JSON elsewhere, always with the process's id.
 * @param showPid whether a terminal shows it as well, to tell the lines of several processes apart.
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
