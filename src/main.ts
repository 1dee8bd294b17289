import cluster from 'node:cluster';
import type { Logger } from 'pino';
import { type Config, readConfig } from './config/index.ts';
import { openDatabaseSource } from './process/database-source.ts';
import { exitOnUncaughtException, exitWithError, runUntilSignal, type Stop } from './process/lifecycle.ts';
import { startMetrics } from './process/metrics-server.ts';
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
    // Loaded once the database can be used: 1,400 modules, which a start that fails does not need.
    const { serve } = await import('./process/serve.ts');
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

/** Loads what the process needs: the primary of a cluster serves no requests. */
async function selectStart({
  workers,
}: Config): Promise<(config: Config, log: Logger, signal: AbortSignal) => Promise<Stop>> {
  if (workers === 1) return startSingleProcess;
  if (cluster.isPrimary) return (await import('./process/cluster/primary.ts')).startPrimary;
  return (await import('./process/cluster/worker.ts')).startWorker;
}

try {
  const config = readConfig(process.env);
  const log = createLogger(config.logLevel, config.workers > 1);
  exitOnUncaughtException(log);
  if (cluster.isPrimary) for (const warning of config.warnings) log.warn(warning);
  const start = await selectStart(config);
  await runUntilSignal((signal) => start(config, log, signal), log, config.drainMs);
} catch (error) {
  exitWithError(error);
}
