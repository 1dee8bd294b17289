import autocannon from 'autocannon';
import type { Client } from 'pg';
import type { RequestSet } from '../contestants/request-set.ts';
import { cpuMs, machineCpuMs, parentOf, peakMb, resetPeak, treeCpuMs } from './process.ts';

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
  /** CPU time per request of the server's process, in ms. */
  serverCpu: number;
  /** CPU time per request of all processes of PostgreSQL, in ms. */
  postgresCpu: number;
  peakMb: number;
  /** Share of the machine's CPU time that other processes have used, or that its host has withheld: 0 to 1. */
  otherLoad: number;
}

/** CPU time per request of the server and PostgreSQL together, in ms. */
export const totalCpu = ({ serverCpu, postgresCpu }: Sample): number => serverCpu + postgresCpu;

/** What a load needs of its requests. */
export type LoadRequests = Pick<RequestSet, 'server' | 'requests' | 'isCorrect'>;

/** A server is too slow for an operation. */
export class NoResponseError extends Error {}

/** How requests are sent. */
export interface Load {
  seconds: number;
  /** Concurrent connections. */
  connections: number;
}

/**
 * Sends requests over all connections, each as soon as the connection has received the previous response. If there is no response
 * within the time, it is repeated with four times as many seconds.
 * @param client of the PostgreSQL that the server uses, which must run on this machine.
 * @throws {NoResponseError} if there is none within a minute. @throws {Error} if any response is not correct.
 */
export async function applyLoad(requestSet: LoadRequests, client: Client, load: Load): Promise<Sample> {
  let { seconds } = load;
  do {
    const sample = await applyOnce(requestSet, client, { ...load, seconds });
    if (sample) return sample;
    seconds *= 4;
  } while (seconds < RESPONSE_TIMEOUT_SECONDS);
  throw new NoResponseError(`${requestSet.server.contestant.name} sent no response within ${seconds / 4} s.`);
}

/** @returns undefined if there was no response. */
async function applyOnce(requestSet: LoadRequests, client: Client, load: Load): Promise<Sample | undefined> {
  const { pid } = requestSet.server;
  await resetPeak(pid);
  const cpu = await startCpuTimes(pid, client);
  const { latencies, durationMs } = await sendRequests(requestSet, load);
  const { server, postgres, otherLoad } = await cpu();
  if (latencies.length === 0) return undefined;
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? Number.NaN;
  return {
    requestsPerSecond: (1000 * latencies.length) / durationMs,
    p50: percentile(0.5),
    p99: percentile(0.99),
    serverCpu: server / latencies.length,
    postgresCpu: postgres / latencies.length,
    peakMb: await peakMb(pid),
    otherLoad,
  };
}

/** CPU times in ms, and the share of the machine that others have used. */
interface CpuTimes {
  server: number;
  postgres: number;
  otherLoad: number;
}

/** Starts to measure the CPU time of a server, of PostgreSQL, and of everything but these and this process. */
async function startCpuTimes(pid: number, client: Client): Promise<() => Promise<CpuTimes>> {
  const postmaster = await postmasterOf(client);
  const read = async () => ({
    server: await cpuMs(pid),
    postgres: await treeCpuMs(postmaster),
    own: await cpuMs(process.pid),
    machine: await machineCpuMs(),
  });
  const start = await read();
  return async () => {
    const end = await read();
    const server = end.server - start.server;
    const postgres = end.postgres - start.postgres;
    const others = end.machine.used - start.machine.used - server - postgres - (end.own - start.own);
    return { server, postgres, otherLoad: Math.max(0, others) / (end.machine.total - start.machine.total) };
  };
}

/** The process that has started those of all connections. */
async function postmasterOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
  return parentOf(rows[0]?.pid ?? Number.NaN);
}

/** @returns the latencies in ms, and the time from the start to the last response in ms. */
async function sendRequests(
  { server, requests, isCorrect }: LoadRequests,
  { seconds, connections }: Load,
): Promise<{ latencies: number[]; durationMs: number }> {
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
  failures += result.errors + result.timeouts + result.mismatches;
  if (failures > 0) {
    throw new Error(`${failures} of ${latencies.length} requests to ${name} failed. ${incorrectBody.slice(0, 1000)}`);
  }
  return { latencies, durationMs: end - start };
}
