import { setTimeout as delay } from 'node:timers/promises';
import { clearLeftovers, type ServerPlace, serverRuns, startServer } from './postgres-server.ts';
import type { PostgresTools } from './postgres-tools.ts';

/** Where it is told what happens to the server; pino's loggers fit. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
}

/** How often in ms the server is looked for. */
const LOOK_MS = 500;
/** The pause in ms after the first start that fails; it doubles with each, up to the longest. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/**
 * Starts the server again whenever it has ended, whoever ended it. Looked for by its process, since a connection to it says
 * nothing about a server that only ends sessions.
 * @returns what ends the watch; a start that is under way is waited for.
 */
export function keepRunning(tools: PostgresTools, place: ServerPlace, log: Log): () => Promise<void> {
  const stop = new AbortController();
  const pause = (ms: number) => delay(ms, undefined, { signal: stop.signal, ref: false });

  async function watch(): Promise<void> {
    for (;;) {
      await pause(LOOK_MS);
      if (await serverRuns(place.directory)) continue;
      log.warn('The embedded PostgreSQL has ended; it starts again');
      await startAgain();
      log.info('The embedded PostgreSQL runs again');
    }
  }

  async function startAgain(): Promise<void> {
    for (let ms = FIRST_PAUSE_MS; ; ms = Math.min(ms * 2, LONGEST_PAUSE_MS)) {
      try {
        await clearLeftovers(place);
        await startServer(tools, place);
        return;
      } catch (error) {
        log.warn(`${error instanceof Error ? error.message : error}\nThe next try is in ${ms} ms`);
      }
      await pause(ms);
    }
  }

  // Rejected by the end of the watch alone: all else is tried again.
  const watching = watch().catch(() => {});
  return async () => {
    stop.abort();
    await watching;
  };
}
