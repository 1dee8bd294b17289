/** How often in ms `adjust` is called. */
export const INTERVAL_MS = 100;

/** Minimum concurrency; a limit never goes below it, since a few slow requests are not overload. */
export const MIN_CONCURRENCY = 24;

/** Fewer requests in flight than this are not a queue, however slow they are. */
const MIN_QUEUE = 128;

/**
 * Intervals, all of them slow, after which a queue is standing: 2 s, a fifth of the default deadline of a request. A burst that
 * has arrived by then is served, however long it takes to drain.
 */
const STANDING_INTERVALS = 20;

/**
 * Weight of a slow interval in which requests exceeded the maximum: more than a burst is arriving, and it is standing after
 * three such intervals. Until then, turns of the event loop are as long as the requests in flight take, and delay rejections.
 */
const EXCEEDED_WEIGHT = 7;

/** Intervals in which the limit is not reached, after which shedding ends: longer than the `Retry-After` of a rejection. */
const CALM_INTERVALS = 15;

/** Factors by which a limit changes per interval: a decrease is between the two factors, in proportion to the overload. */
const DECREASE = { smallest: 0.9, largest: 0.5 };
const INCREASE = 1.1;

/**
 * A concurrency limit that tells a standing queue from a burst, as CoDel does (RFC 8289): the delay of a burst falls below its
 * target as the burst drains; that of a standing queue stays above it. The limit is its maximum, and becomes adaptive only
 * while a queue is standing, that is, if even the minimum of the delays in `STANDING_INTERVALS` exceeds the target.
 */
export class AdaptiveLimit {
  readonly #max: number;
  readonly #min: number;
  /** The limit while shedding; undefined otherwise. */
  #adaptive: number | undefined;
  #inFlight = 0;
  /** Most requests in flight, and rejected ones, in the current interval. */
  #peak = 0;
  #rejected = 0;
  #slowIntervals = 0;
  #calmIntervals = 0;
  /** Intervals in which the limit does not fall, since delays are those of the queue that drains to the new limit. */
  #drainIntervals = 0;
  #hasRejected = false;
  /** Adjustments since a request was rejected because the limit was reached. */
  #intervalsSinceFull = Number.POSITIVE_INFINITY;

  /** @param max upper bound of the limit. */
  constructor(max: number) {
    this.#max = max;
    this.#min = Math.min(max, MIN_CONCURRENCY);
  }

  /** The requests that may be in flight. */
  get value(): number {
    return this.#adaptive ?? this.#max;
  }

  /** Whether a queue is standing. */
  get isShedding(): boolean {
    return this.#adaptive !== undefined;
  }

  /** Whether more requests arrive than a burst: a queue is standing, or the limit was exceeded in this or the last interval. */
  get isOverloaded(): boolean {
    return this.isShedding || this.#intervalsSinceFull < 2;
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get isReached(): boolean {
    return this.#inFlight >= this.value;
  }

  /** Whether nothing is in flight, and nothing was rejected since the last adjustment. */
  get isIdle(): boolean {
    return this.#inFlight === 0 && this.#rejected === 0;
  }

  /** Counts a request that begins or ends. */
  count(change: 1 | -1): void {
    this.#inFlight += change;
    this.#peak = Math.max(this.#peak, this.#inFlight);
    // The queue drained without a rejection: it was a burst.
    if (this.#inFlight === 0 && !this.#hasRejected) this.#stopShedding();
  }

  /** Counts a rejection. */
  countRejection(): void {
    this.#rejected += 1;
    this.#hasRejected ||= this.isShedding;
    if (this.isReached) this.#intervalsSinceFull = 0;
  }

  /**
   * Adjusts the limit at the end of an interval.
   * @param slowness the delay of requests in the interval, as a multiple of its target; undefined if no delay was measured.
   */
  adjust(slowness: number | undefined): void {
    const isExceeded = this.#rejected > 0;
    const isReached = isExceeded || this.#peak >= (this.#adaptive ?? Math.min(MIN_QUEUE, this.#max));
    this.#rejected = 0;
    this.#peak = this.#inFlight;
    this.#intervalsSinceFull += 1;
    if (this.#adaptive === undefined) this.#detectQueue(isReached, isExceeded, slowness);
    else this.#adapt(this.#adaptive, isReached, slowness);
  }

  #detectQueue(isReached: boolean, isExceeded: boolean, slowness: number | undefined): void {
    if (isReached && slowness === undefined) return;
    if (!isReached || slowness === undefined || slowness <= 1) {
      this.#slowIntervals = 0;
      return;
    }
    this.#slowIntervals += isExceeded ? EXCEEDED_WEIGHT : 1;
    if (this.#slowIntervals < STANDING_INTERVALS) return;
    // Little's law: the concurrency at which the delay would be on target.
    this.#adaptive = this.#clamp(Math.floor(this.#inFlight / slowness));
    this.#drainIntervals = STANDING_INTERVALS;
  }

  #adapt(value: number, isReached: boolean, slowness: number | undefined): void {
    this.#calmIntervals = isReached ? 0 : this.#calmIntervals + 1;
    this.#drainIntervals = this.#inFlight > value ? Math.max(0, this.#drainIntervals - 1) : 0;
    if (this.#calmIntervals >= CALM_INTERVALS) this.#stopShedding();
    else if (slowness === undefined) return;
    else if (slowness > 1 && isReached && this.#drainIntervals === 0) {
      const factor = Math.max(DECREASE.largest, Math.min(DECREASE.smallest, 1 / slowness));
      this.#adaptive = this.#clamp(Math.floor(value * factor));
    } else if (slowness <= 1) this.#adaptive = this.#clamp(Math.ceil(value * INCREASE));
  }

  #clamp(value: number): number {
    return Math.max(this.#min, Math.min(this.#max, value));
  }

  #stopShedding(): void {
    this.#adaptive = undefined;
    this.#slowIntervals = 0;
    this.#calmIntervals = 0;
    this.#hasRejected = false;
  }
}
