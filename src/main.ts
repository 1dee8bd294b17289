import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config/index.ts';
import { startPrimary } from './process/cluster/primary.ts';
import { startWorker } from './process/cluster/worker.ts';
import { openDatabaseSource } from './process/database-source.ts';
import { exitOnUncaughtException, exitWithError, type Stop, stopOnSignal } from './process/lifecycle.ts';
import { serve } from './process/serve.ts';
import { startupBanner } from './process/startup-banner.ts';
import { createLogger } from './telemetry/logger.ts';

/** Serves from this process, and keeps the embedded database running. */
async function startAlone(config: Config, log: Logger): Promise<Stop> {
  const store = await openDatabaseSource(config, log);
  try {
    const { address, close } = await serve(config, store, log);
    if (store.demoKey) process.stdout.write(`${startupBanner(address, store.demoKey, config.graphiql !== false)}\n`);
    return async () => {
      await close();
      await store.close();
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function startOf({ workers }: Config) {
  if (workers === 1) return startAlone;
  return cluster.isPrimary ? startPrimary : startWorker;
}

try {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel, config.workers > 1);
  exitOnUncaughtException(log);
  const started = startOf(config)(config, log);
  stopOnSignal(started, log, config.drainMs);
  await started;
} catch (error) {
  exitWithError(error);
}
