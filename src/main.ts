import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config/index.ts';
import { startPrimary } from './process/cluster/primary.ts';
import { startWorker } from './process/cluster/worker.ts';
import { openDatabaseSource } from './process/database-source.ts';
import { exitOnUncaughtException, exitWithError, runUntilSignal, type Stop } from './process/lifecycle.ts';
import { startMetrics } from './process/metrics-server.ts';
import { serve } from './process/serve.ts';
import { announceReadiness } from './process/startup-banner.ts';
import { createLogger } from './telemetry/logger.ts';
import type { Metrics } from './telemetry/metrics/index.ts';

/** Serves from this process, which also runs the embedded database. */
function startSingleProcess(config: Config, log: Logger, signal: AbortSignal): Promise<Stop> {
  const collect = async () => (await import('./telemetry/metrics/index.ts')).collectMetrics(log);
  return startMetrics(config.metrics, log, collect, (metrics) => startServing(config, log, signal, metrics));
}

async function startServing(
  config: Config,
  log: Logger,
  signal: AbortSignal,
  metrics: Metrics | undefined,
): Promise<Stop> {
  const source = await openDatabaseSource(config, log, signal);
  try {
    const { address, close } = await serve(config, source, log, { signal, metrics });
    announceReadiness(address, source, config, log);
    return async () => {
      await close();
      await source.close();
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

function selectStart({ workers }: Config): (config: Config, log: Logger, signal: AbortSignal) => Promise<Stop> {
  if (workers === 1) return startSingleProcess;
  return cluster.isPrimary ? startPrimary : startWorker;
}

try {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel, config.workers > 1);
  exitOnUncaughtException(log);
  if (cluster.isPrimary) for (const warning of config.warnings) log.warn(warning);
  await runUntilSignal((signal) => selectStart(config)(config, log, signal), log, config.drainMs);
} catch (error) {
  exitWithError(error);
}
