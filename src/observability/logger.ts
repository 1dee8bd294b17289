import { type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

/** One line a message: readable on a terminal, JSON elsewhere. */
export function createLogger(level: string): Logger {
  if (!process.stdout.isTTY) return pino({ level });
  const prettify = prettyFactory({
    colorize: true,
    ignore: 'pid,hostname,requestId,method,path,status,ms',
    translateTime: 'HH:MM:ss',
  });
  return pino({ level }, { write: (line) => process.stdout.write(prettify(JSON.parse(line)) ?? line) });
}
