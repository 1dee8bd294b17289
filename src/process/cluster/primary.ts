import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Logger } from 'pino';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Config } from '../../config/index.ts';
import { openDatabaseSource } from '../database-source.ts';
import { exitWithError, type Stop } from '../lifecycle.ts';
import { startupBanner } from '../startup-banner.ts';
import { startWorkers } from './workers.ts';

/**
 * Starts the workers, and keeps for all of them what there is once: the embedded database, the listener, the points of
 * keys. It serves nothing itself.
 */
export async function startPrimary(config: Config, log: Logger): Promise<Stop> {
  const port = await freePort(config.port, config.host);
  const { close, ...store } = await openDatabaseSource(config, log);
  new RateLimiterClusterMaster();
  const workers = startWorkers(
    config.workers,
    { port, store },
    {
      log,
      drainMs: config.drainMs,
      onListening: (address) => {
        log.info(`${config.workers} workers listen at ${address}`);
        if (store.demoKey)
          process.stdout.write(`${startupBanner(address, store.demoKey, config.graphiql !== false)}\n`);
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
 * Sees whether an address can be listened on, before anything else is started.
 * @returns the port, or a free one for port 0: a worker that is started later has to find the same.
 * @throws what listening there does.
 */
export async function freePort(port: number, host: string): Promise<number> {
  const server = createServer().listen(port, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : port;
}
