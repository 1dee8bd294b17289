import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Logger } from 'pino';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Config } from '../../config/index.ts';
import { openDatabaseSource } from '../database-source.ts';
import { exitWithError, type Stop } from '../lifecycle.ts';
import { startMetrics } from '../metrics-server.ts';
import { announceReadiness } from '../startup-banner.ts';
import { relayWrites } from './share-writes.ts';
import { startWorkers } from './workers.ts';

/**
 * Starts the workers and runs what they share: the embedded database, the listener, and the counter of rate-limit
 * points. It serves no requests.
 */
export function startPrimary(config: Config, log: Logger, signal: AbortSignal): Promise<Stop> {
  const collect = async () => new (await import('./metrics.ts')).WorkerMetrics(log);
  return startMetrics(config.metrics, log, collect, () => startServing(config, log, signal));
}

async function startServing(config: Config, log: Logger, signal: AbortSignal): Promise<Stop> {
  const port = await choosePort(config.port, config.host);
  const { close, ...source } = await openDatabaseSource(config, log, signal);
  new RateLimiterClusterMaster();
  if (config.replicas) relayWrites();
  const workers = startWorkers(
    config.workers,
    { port, source },
    {
      log,
      drainMs: config.drainMs,
      onListening: (address) => {
        log.info(`${config.workers} workers listening at ${address}`);
        announceReadiness(address, source, config, log);
      },
      onGivingUp: (error) => void stop().then(() => exitWithError(error), exitWithError),
    },
  );
  async function stop(): Promise<void> {
    await workers.stop();
    await close();
  }
  return stop;
}

/**
 * Checks that the gateway can listen on the address, before it starts anything else.
 * @returns the port, or a free port for port 0: workers that start later must use the same port.
 * @throws {Error} of `listen`, such as EADDRINUSE.
 */
export async function choosePort(port: number, host: string): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}
