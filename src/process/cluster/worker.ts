import cluster from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import type { Config } from '../../config/index.ts';
import type { Stop } from '../lifecycle.ts';
import { serve } from '../serve.ts';
import { Assignment, type Listening } from './messages.ts';
import { countInPrimary } from './shared-counter.ts';

/** Serves what the primary assigns, on the listener of all workers. */
export async function startWorker(config: Config, log: Logger): Promise<Stop> {
  stopWithPrimary();
  const [message] = await once(process, 'message');
  const { port, store } = Assignment.parse(message);
  const { address, close } = await serve({ ...config, port }, store, log, countInPrimary());
  process.send?.({ address } satisfies Listening);
  return close;
}

/** A worker whose primary was killed would be ended by node:cluster at once, with its requests in flight. */
function stopWithPrimary(): void {
  const { worker } = cluster;
  worker?.once('disconnect', () => {
    worker.exitedAfterDisconnect = true;
    process.kill(process.pid, 'SIGTERM');
  });
  // What is sent to a primary that has just died. What waits for its answer has a limit of its own.
  process.on('error', () => {});
}
