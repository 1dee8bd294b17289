import type { Logger } from 'pino';
import { RateLimiterClusterMaster } from 'rate-limiter-flexible';
import type { Config } from '../config.ts';
import { greeting } from '../greeting.ts';
import { fail, type Stop } from '../lifecycle.ts';
import { openStore } from '../store.ts';
import { freePort } from './free-port.ts';
import { startWorkers } from './workers.ts';

/**
 * Starts the workers, and keeps for all of them what there is once: the embedded database, the listener, the points of
 * keys. It serves nothing itself.
 */
export async function startPrimary(config: Config, log: Logger): Promise<Stop> {
  const port = await freePort(config.port, config.host);
  const { close, ...store } = await openStore(config, log);
  new RateLimiterClusterMaster();
  const workers = startWorkers(
    config.workers,
    { port, store },
    {
      log,
      drainMs: config.drainMs,
      onListening: (address) => {
        log.info(`${config.workers} workers listen at ${address}`);
        if (store.demoKey) process.stdout.write(`${greeting(address, store.demoKey, config.graphiql !== false)}\n`);
      },
      onGivingUp: (error) => void stop().then(() => fail(error), fail),
    },
  );
  async function stop(): Promise<void> {
    await workers.stop();
    await close();
  }
  return stop;
}
