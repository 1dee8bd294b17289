import { Histogram, type Registry } from 'prom-client';
import { Series } from '../series.ts';

/** The label value of all series after the first `MAX_SERIES`. */
const OTHER = '_OTHER';

/** Maximum number of series of a metric. Labels have fixed sets of values; this only limits the damage of a mistake. */
const MAX_SERIES = 1_000;

interface FastHistogramOptions {
  name: string;
  help: string;
  labelNames?: readonly string[];
  buckets: readonly number[];
  registry: Registry;
}

/**
 * A histogram whose series are looked up by their label values: an observation takes less than 0.1 µs. That of `prom-client`
 * hashes an object of labels for each observation, and a request makes about eight.
 */
export class FastHistogram extends Histogram {
  readonly #options: FastHistogramOptions;
  readonly #series = new Map<string, Series>();

  constructor(options: FastHistogramOptions) {
    const { name, help, labelNames = [], buckets, registry } = options;
    super({ name, help, labelNames, buckets: [...buckets], registers: [registry] });
    this.#options = options;
  }

  /** The series with these label values, in the order of `labelNames`. */
  series(...values: readonly string[]): Series {
    const key = values.length === 1 ? (values[0] ?? '') : values.join('\0');
    return this.#series.get(key) ?? this.#create(key, values);
  }

  /** Adds a series that other code observes. */
  add(series: Series): this {
    this.#series.set('', series);
    return this;
  }

  #create(key: string, values: readonly string[]): Series {
    const isFull = this.#series.size >= MAX_SERIES;
    if (isFull && !values.every((value) => value === OTHER)) return this.series(...values.map(() => OTHER));
    const { labelNames = [], buckets } = this.#options;
    const series = new Series(
      buckets,
      Object.fromEntries(labelNames.map((name, place) => [name, values[place] ?? ''])),
    );
    this.#series.set(key, series);
    return series;
  }

  /** What both the text of a registry and `get` are made from; not in the types of `prom-client`. */
  async getForPromString() {
    const { name, help } = this.#options;
    const values = [...this.#series.values()].flatMap((series) => samplesOf(name, series));
    return { name, help, type: 'histogram', aggregator: 'sum', values };
  }
}

function samplesOf(name: string, series: Series) {
  const { labels: sharedLabels, sum, count } = series;
  const buckets: [number | string, number][] = [...series.buckets(), ['+Inf', count]];
  return [
    ...buckets.map(([le, value]) => ({ metricName: `${name}_bucket`, labels: { le }, sharedLabels, value })),
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: count },
  ];
}
