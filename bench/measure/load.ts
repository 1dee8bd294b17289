import autocannon from 'autocannon';
import type { RequestSet } from '../contestants/request-set.ts';
import { cpuMs, peakMb, resetPeak } from './process.ts';

/** Concurrent connections, unless `--connections` says otherwise. */
export const DEFAULT_CONNECTIONS = 20;

const RESPONSE_TIMEOUT_SECONDS = 60;

/** Minimum number of different requests per connection, if there are that many inputs. */
const MIN_REQUESTS_PER_CONNECTION = 1_000;

/** Results of one round. */
export interface Sample {
  requestsPerSecond: number;
  /** Latencies in ms. */
  p50: number;
  p99: number;
  /** CPU time of the server's process per request, in ms; PostgreSQL's is not included. */
  cpuPerRequest: number;
  peakMb: number;
}

/** What a load needs of its requests. */
export type LoadRequests = Pick<RequestSet, 'server' | 'bodies' | 'headers' | 'isCorrect'>;

/**
 * Sends requests over all connections, each as soon as the connection has received the previous response.
 * @throws {Error} if any response is not correct.
 */
export async function applyLoad(
  requestSet: LoadRequests,
  seconds: number,
  connections = DEFAULT_CONNECTIONS,
): Promise<Sample> {
  const { pid } = requestSet.server;
  await resetPeak(pid);
  const cpuBefore = await cpuMs(pid);
  const { latencies, durationMs } = await sendRequests(requestSet, seconds, connections);
  const cpu = (await cpuMs(pid)) - cpuBefore;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    requestsPerSecond: (1000 * latencies.length) / durationMs,
    p50: percentile(0.5),
    p99: percentile(0.99),
    cpuPerRequest: cpu / latencies.length,
    peakMb: await peakMb(pid),
  };
}

/** @returns the latencies in ms, and the time from the start to the last response in ms. */
async function sendRequests(
  { server, bodies, headers, isCorrect }: LoadRequests,
  seconds: number,
  connections: number,
): Promise<{ latencies: number[]; durationMs: number }> {
  const requests = bodies.map((body) => ({ method: 'POST' as const, headers, body }));
  // Limited, because autocannon prepares every request of every connection before it sends the first.
  const perConnection = Math.max(MIN_REQUESTS_PER_CONNECTION, Math.ceil(requests.length / connections));
  const latencies: number[] = [];
  let clients = 0;
  let failures = 0;
  let incorrectBody = '';
  const start = performance.now();
  let end = start;
  const result = await autocannon({
    url: server.url,
    connections,
    duration: seconds,
    sampleInt: 100,
    timeout: RESPONSE_TIMEOUT_SECONDS,
    setupClient: (client) => {
      // Each connection starts at a different input. Otherwise all of them would request, and lock, the same rows.
      const first = Math.floor((requests.length * clients) / connections);
      clients += 1;
      client.setRequests([...requests.slice(first), ...requests.slice(0, first)].slice(0, perConnection));
      client.on('response', (status, _bytes, ms) => {
        if (status !== 200) failures += 1;
        latencies.push(ms);
        end = performance.now();
      });
    },
    verifyBody: (body) => {
      const text = String(body);
      if (isCorrect(text)) return true;
      incorrectBody = text;
      return false;
    },
  });
  const { name } = server.contestant;
  if (latencies.length === 0) throw new Error(`${name} sent no response within ${seconds} s. Increase --seconds.`);
  failures += result.errors + result.timeouts + result.mismatches;
  if (failures > 0) {
    throw new Error(`${failures} of ${latencies.length} requests to ${name} failed. ${incorrectBody.slice(0, 1000)}`);
  }
  return { latencies, durationMs: end - start };
}
