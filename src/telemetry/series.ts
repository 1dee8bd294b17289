/** The observations of a histogram with one set of label values. */
export class Series {
  readonly labels: Readonly<Record<string, string>>;
  readonly #bounds: readonly number[];
  /** Number of observations in each bucket, not cumulative. The last bucket has no upper bound. */
  readonly #counts: number[];
  #sum = 0;

  /** @param bounds upper bounds of the buckets, in ascending order. */
  constructor(bounds: readonly number[], labels: Readonly<Record<string, string>> = {}) {
    this.labels = labels;
    this.#bounds = bounds;
    this.#counts = Array.from({ length: bounds.length + 1 }, () => 0);
  }

  observe(value: number): void {
    let bucket = 0;
    for (const bound of this.#bounds) {
      if (value <= bound) break;
      bucket += 1;
    }
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1;
    this.#sum += value;
  }

  get sum(): number {
    return this.#sum;
  }

  get count(): number {
    return this.#counts.reduce((total, count) => total + count, 0);
  }

  /** Number of observations at or below each bound, as Prometheus counts them; without `+Inf`. */
  buckets(): Map<number, number> {
    let total = 0;
    return new Map(
      this.#bounds.map((bound, place) => {
        total += this.#counts[place] ?? 0;
        return [bound, total];
      }),
    );
  }
}
