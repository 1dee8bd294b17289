import { type Logger, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';

/**
 * One line a message: readable on a terminal, JSON elsewhere, always with the process's id.
 * @param showPid whether a terminal shows it as well, to tell the lines of several processes apart.
 */
export function createLogger(level: string, showPid = false): Logger {
  if (!process.stdout.isTTY) return pino({ level });
  const prettify = prettyFactory({
    colorize: true,
    ignore: `${showPid ? '' : 'pid,'}hostname,requestId,method,path,status,ms`,
    translateTime: 'HH:MM:ss',
  });
  return pino({ level }, { write: (line) => process.stdout.write(prettify(JSON.parse(line)) ?? line) });
}
