import cluster from 'node:cluster';
import { once } from 'node:events';
import type { Logger } from 'pino';
import { RateLimiterCluster } from 'rate-limiter-flexible';
import type { Config } from '../../config/index.ts';
import { COUNTING, type Counter, countInProcess, countWith } from '../../http/limits/rate.ts';
import type { Metrics } from '../../telemetry/metrics/index.ts';
import type { Stop } from '../lifecycle.ts';
import { serve } from '../serve.ts';
import { Assignment, type Listening, MetricsRequest } from './messages.ts';
import { shareWrites } from './share-writes.ts';

/** Maximum time in ms that a worker waits for the primary to count points. */
const COUNT_TIMEOUT_MS = 1_000;

/**
 * Serves the port and database that the primary assigns. All workers share the primary's listener.
 * @param signal aborts the start.
 */
export async function startWorker(config: Config, log: Logger, signal: AbortSignal): Promise<Stop> {
  stopAfterPrimary();
  const [message] = await once(process, 'message');
  const { port, source } = Assignment.parse(message);
  const metrics = config.metrics && (await import('../../telemetry/metrics/index.ts')).collectMetrics(log);
  if (metrics) answerMetricsRequests(metrics);
  const { address, close } = await serve({ ...config, port }, source, log, {
    signal,
    counter: countInPrimary(),
    shareWrites,
    metrics,
  });
  process.send?.({ address } satisfies Listening);
  return close;
}

/** Answers the primary's requests for the metrics of this worker. */
function answerMetricsRequests(metrics: Metrics): void {
  process.on('message', async (message) => {
    const { data } = MetricsRequest.safeParse(message);
    if (data) process.send?.({ ...data, metrics: await metrics.values(data.readsDatabase) });
  });
}

/** Shuts down gracefully if the primary dies. By default, node:cluster would exit immediately and drop in-flight requests. */
function stopAfterPrimary(): void {
  const { worker } = cluster;
  worker?.once('disconnect', () => {
    worker.exitedAfterDisconnect = true;
    process.kill(process.pid, 'SIGTERM');
  });
  // Sending a message to a dead primary fails. Callers that wait for a response have their own timeout.
  process.on('error', () => {});
}

/**
 * Counts points in the primary, for all workers together. If the primary does not respond, for example because it died
 * while this worker shuts down, the worker counts locally.
 */
function countInPrimary(): Counter {
  const countRemotely = countWith(
    new RateLimiterCluster({ ...COUNTING, keyPrefix: 'points', timeoutMs: COUNT_TIMEOUT_MS }),
  );
  const countLocally = countInProcess();
  return async (key, points, limit) => {
    if (!process.connected) return countLocally(key, points, limit);
    return countRemotely(key, points, limit).catch(() => countLocally(key, points, limit));
  };
}
