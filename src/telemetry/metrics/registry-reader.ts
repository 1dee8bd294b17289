import type { Logger } from 'pino';
import { Counter, type Registry } from 'prom-client';

/** Reads the metrics of a registry. A scrape leaves out a metric that cannot be read. */
export class RegistryReader {
  readonly #registry: Registry;
  readonly #log: Logger;
  readonly #failures: Counter;
  /** The names of the metrics whose last reading failed. */
  readonly #failing = new Set<string>();

  constructor(registry: Registry, log: Logger) {
    this.#registry = registry;
    this.#log = log;
    this.#failures = new Counter({
      name: 'usergraph_metric_read_failures_total',
      help: 'Metrics that are missing from scrapes because they could not be read.',
      registers: [registry],
    });
  }

  /** The values in the text format of Prometheus. */
  async text(): Promise<string> {
    const texts = await this.#readEach((name) => this.#registry.getSingleMetricAsString(name));
    return `${texts.join('\n\n')}\n`;
  }

  /** The values as `AggregatorRegistry` reads them. @param skipped the names of metrics that are not read. */
  values(skipped?: ReadonlySet<string>): Promise<object[]> {
    return this.#readEach(async (name) => this.#registry.getSingleMetric(name)?.get(), skipped);
  }

  async #readEach<Value>(read: (name: string) => Promise<Value | undefined>, skipped?: ReadonlySet<string>) {
    const names = this.#registry.getMetricsAsArray().map(({ name }) => name);
    const values = await Promise.all(names.filter((name) => !skipped?.has(name)).map((name) => this.#read(name, read)));
    return values.filter((value) => value !== undefined);
  }

  async #read<Value>(name: string, read: (name: string) => Promise<Value>): Promise<Value | undefined> {
    try {
      const value = await read(name);
      this.#failing.delete(name);
      return value;
    } catch (error) {
      this.#failures.inc();
      if (!this.#failing.has(name)) {
        this.#log.warn({ err: error, metric: name }, 'cannot read a metric; it is missing from scrapes');
      }
      this.#failing.add(name);
      return undefined;
    }
  }
}
