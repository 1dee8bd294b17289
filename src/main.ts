import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { startPrimary } from './cluster/primary.ts';
import { startWorker } from './cluster/worker.ts';
import { type Config, readConfig } from './config.ts';
import { greeting } from './greeting.ts';
import { endOnBug, fail, type Stop, stopOnSignal } from './lifecycle.ts';
import { createLogger } from './observability/logger.ts';
import { serve } from './serve.ts';
import { openStore } from './store.ts';

/** Serves from this process, and keeps the embedded database running. */
async function startAlone(config: Config, log: Logger): Promise<Stop> {
  const store = await openStore(config, log);
  try {
    const { address, close } = await serve(config, store, log);
    if (store.demoKey) process.stdout.write(`${greeting(address, store.demoKey, config.graphiql !== false)}\n`);
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
  endOnBug(log);
  const started = startOf(config)(config, log);
  stopOnSignal(started, log, config.drainMs);
  await started;
} catch (error) {
  fail(error);
}
