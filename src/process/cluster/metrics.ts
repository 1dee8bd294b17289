import cluster, { type Worker } from 'node:cluster';
import type { Logger } from 'pino';
import { AggregatorRegistry, type PrometheusContentType } from 'prom-client';
import { Listening, type MetricsRequest, MetricsResponse } from './messages.ts';

/** How long in ms a worker has to answer; a worker that is busy for longer counts with its previous values. */
const ANSWER_MS = 2_000;

type Values = MetricsResponse['metrics'];

/** Metrics whose values add up over time, so that those of a worker that has exited still count. */
const isCumulative = ({ type }: Values[number]) => type === 'counter' || type === 'histogram';

/**
 * Adds up the metrics of all workers. Counters never decrease: those of workers that have exited are kept, without what they
 * counted after their last answer.
 */
export class WorkerMetrics {
  /** The last values of each serving worker; empty until it has answered. */
  readonly #values = new Map<Worker, Values>();
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  /** The sums of those that have exited. */
  #ended: Promise<Values> = Promise.resolve([]);
  readonly #log: Logger;
  #requests = 0;

  constructor(log: Logger) {
    this.#log = log;
    cluster.on('message', (worker, message) => this.#receive(worker, message));
    cluster.on('exit', (worker) => this.#keepValues(worker));
  }

  /** The sums in the text format of Prometheus. */
  async text(): Promise<string> {
    const connected = [...this.#values.keys()].filter((worker) => worker.isConnected());
    await Promise.all(connected.map((worker, index) => this.#ask(worker, index === 0)));
    const ended = await this.#ended;
    return sum([ended, ...this.#values.values()]).metrics();
  }

  async #ask(worker: Worker, readsDatabase: boolean): Promise<void> {
    const metricsRequest = this.#requests++;
    const answered = Promise.withResolvers<void>();
    this.#waiting.set(metricsRequest, answered);
    const timer = setTimeout(answered.resolve, ANSWER_MS);
    worker.once('disconnect', answered.resolve);
    worker.send({ metricsRequest, readsDatabase } satisfies MetricsRequest);
    await answered.promise;
    clearTimeout(timer);
    worker.off('disconnect', answered.resolve);
    this.#waiting.delete(metricsRequest);
  }

  #receive(worker: Worker, message: unknown): void {
    if (Listening.safeParse(message).success && !this.#values.has(worker)) this.#values.set(worker, []);
    const { data } = MetricsResponse.safeParse(message);
    // A late answer of a worker that has exited would count twice.
    if (!data || !this.#values.has(worker)) return;
    this.#values.set(worker, data.metrics);
    this.#waiting.get(data.metricsRequest)?.resolve();
  }

  #keepValues(worker: Worker): void {
    const values = this.#values.get(worker) ?? [];
    this.#values.delete(worker);
    this.#ended = this.#ended.then(async (ended) => {
      try {
        const sums = await sum([ended, values.filter(isCumulative)]).getMetricsAsJSON();
        return MetricsResponse.shape.metrics.parse(sums);
      } catch (error) {
        this.#log.warn({ err: error }, 'cannot keep the counters of a worker that has exited');
        return ended;
      }
    });
  }
}

const sum = (values: Values[]) => AggregatorRegistry.aggregate<PrometheusContentType>(values);
