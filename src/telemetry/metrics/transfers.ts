import { setTimeout as delay } from 'node:timers/promises';
import { Counter, Gauge, type Registry } from 'prom-client';
import { TRANSFER_KINDS, transferChannel, type Unsubscribe } from '../channels.ts';

/** The imports and exports over HTTP that have not ended, of all workspaces and gateways. */
export interface TransferQueue {
  /** Number of those that wait for a process. */
  queued: number;
  /** Number of those that a process runs. */
  running: number;
  /** For how long the first of the queued ones has been waiting, in seconds; 0 if there is none. */
  oldestQueuedSeconds: number;
}

/** For how long in ms a reading of the queue is used. */
const MAX_AGE_MS = 5_000;

/** How long in ms a scrape waits for a reading. Less than the time that a worker has to answer. */
const WAIT_MS = 1_000;

const QUEUE_GAUGES = {
  usergraph_transfers_queued: ['Imports and exports that wait for a process.', ({ queued }) => queued],
  usergraph_transfers_running: ['Imports and exports that a process runs.', ({ running }) => running],
  usergraph_transfers_oldest_queued_seconds: [
    'For how long the first of the queued imports and exports has been waiting.',
    ({ oldestQueuedSeconds }) => oldestQueuedSeconds,
  ],
} satisfies Record<string, readonly [help: string, read: (queue: TransferQueue) => number]>;

/** The names of the metrics of the queue, which are the same in each process. */
export const TRANSFER_QUEUE_METRICS: ReadonlySet<string> = new Set(Object.keys(QUEUE_GAUGES));

/**
 * Metrics of the queue of imports and exports. A scrape reads it with one statement, unless it was read less than `MAX_AGE_MS`
 * ago. While it cannot be read, they are missing.
 * @param readQueue undefined while the database is not open.
 */
export function transferQueueMetrics(
  registry: Registry,
  readQueue: () => (() => Promise<TransferQueue>) | undefined,
): void {
  const reading = new CachedReading();
  for (const [name, [help, select]] of Object.entries(QUEUE_GAUGES)) {
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator: 'first',
      async collect() {
        this.remove();
        const read = readQueue();
        if (read) this.set(select(await reading.get(read)));
      },
    });
  }
}

/** What was read last. There is at most one reading at a time. */
class CachedReading {
  #reading: Promise<TransferQueue> | undefined;
  #startedAt = 0;
  #isPending = false;

  /** @throws if the reading fails, or takes longer than `WAIT_MS`. */
  get(read: () => Promise<TransferQueue>): Promise<TransferQueue> {
    if (!this.#reading || (!this.#isPending && performance.now() - this.#startedAt > MAX_AGE_MS)) {
      this.#startedAt = performance.now();
      this.#isPending = true;
      this.#reading = read().finally(() => {
        this.#isPending = false;
      });
    }
    return Promise.race([this.#reading, rejectLater()]);
  }
}

async function rejectLater(): Promise<never> {
  await delay(WAIT_MS, undefined, { ref: false });
  throw new Error(`The queue of imports and exports was not read within ${WAIT_MS} ms.`);
}

/** Metrics of the rows of imports and exports over HTTP. */
export function transferMetrics(registry: Registry): Unsubscribe[] {
  const rows = new Counter({
    name: 'usergraph_transfer_rows_total',
    help: 'Rows that imports and exports over HTTP have written or rejected.',
    labelNames: ['kind', 'result'],
    registers: [registry],
  });
  // Prometheus does not see the first increment of a series that did not exist before, and a small import has no other.
  for (const kind of TRANSFER_KINDS) {
    for (const result of ['written', 'rejected']) rows.inc({ kind, result }, 0);
  }
  return [
    transferChannel.subscribe(({ kind, written, rejected }) => {
      rows.inc({ kind, result: 'written' }, written);
      rows.inc({ kind, result: 'rejected' }, rejected);
    }),
  ];
}
