import autocannon from 'autocannon';
import type { Asked } from '../contestants/asked.ts';
import { cpuMs, forgetPeak, peakMb } from './process.ts';

/** Connections that ask at once, where nothing else is said. */
export const CONNECTIONS = 20;

/** Seconds after which an answer counts as none. */
const TIMEOUT = 60;

/** Different requests of each connection at least, where there are so many. */
const MIN_REQUESTS = 1_000;

/** One round's figures. */
export interface Sample {
  requestsPerSecond: number;
  /** Latencies in ms. */
  p50: number;
  p99: number;
  /** CPU time in ms that the contestant's process took for a request; PostgreSQL's is not in it. */
  cpuPerRequest: number;
  peakMb: number;
}

/** Asks a contestant over some connections, as fast as it answers, for some seconds. @throws where an answer is not a good one. */
export async function load(asked: Asked, seconds: number, connections = CONNECTIONS): Promise<Sample> {
  const { pid, url, contestant } = asked.running;
  const requests = asked.bodies.map((body) => ({ method: 'POST' as const, headers: asked.headers, body }));
  // autocannon prepares all of them for each connection, before it sends the first.
  const perConnection = Math.max(MIN_REQUESTS, Math.ceil(requests.length / connections));
  const latencies: number[] = [];
  let clients = 0;
  let failures = 0;
  let wrong = '';
  await forgetPeak(pid);
  const cpuBefore = await cpuMs(pid);
  const begun = performance.now();
  let ended = begun;
  const result = await autocannon({
    url,
    connections,
    duration: seconds,
    sampleInt: 100,
    timeout: TIMEOUT,
    setupClient: (client) => {
      // Each connection begins elsewhere: side by side they would ask for, and lock, the same rows.
      const start = Math.floor((requests.length * clients) / connections);
      clients += 1;
      client.setRequests([...requests.slice(start), ...requests.slice(0, start)].slice(0, perConnection));
      client.on('response', (status, _bytes, ms) => {
        if (status !== 200) failures += 1;
        latencies.push(ms);
        ended = performance.now();
      });
    },
    verifyBody: (body) => {
      const text = String(body);
      const good = asked.isGood(text);
      if (!good) wrong = text;
      return good;
    },
  });
  const cpu = (await cpuMs(pid)) - cpuBefore;
  if (latencies.length === 0) throw new Error(`${contestant.name} gave no answer in ${seconds} s; try more --seconds.`);
  const faults = failures + result.errors + result.timeouts + result.mismatches;
  if (faults > 0) {
    throw new Error(`${faults} of ${contestant.name}'s ${latencies.length} answers failed. ${wrong.slice(0, 1000)}`);
  }
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    requestsPerSecond: (1000 * latencies.length) / (ended - begun),
    p50: percentile(0.5),
    p99: percentile(0.99),
    cpuPerRequest: cpu / latencies.length,
    peakMb: await peakMb(pid),
  };
}
