import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Seconds for which unused time accumulates: a client sends all of its documents when it starts. */
const BURST_SECONDS = 10;

/** Maximum number of callers whose balance is stored. An evicted caller starts again with a full balance. */
const MAX_CALLERS = 10_000;

interface Balance {
  /** Milliseconds left; negative if the last document took longer than that. */
  ms: number;
  /** Time of the last update, in ms. */
  at: number;
}

/**
 * Limits the CPU time in which documents that are not cached are parsed and validated, per caller. Validation rules compare
 * fields in pairs: 2,000 tokens take up to 55 ms, so a hundred such requests per second would block all others.
 */
export class ReadingLimit {
  readonly #msPerSecond: number;
  readonly #balances = new LRUCache<string, Balance>({ max: MAX_CALLERS });

  /** @param msPerSecond CPU time that each caller may use; 0: no limit. */
  constructor(msPerSecond: number) {
    this.#msPerSecond = msPerSecond;
  }

  /** @throws {GraphQLError} `RATE_LIMITED` if the caller has no time left. */
  check(caller: string): void {
    if (this.#msPerSecond === 0) return;
    const { ms } = this.#balanceOf(caller);
    if (ms > 0) return;
    const retryAfter = Math.max(1, Math.ceil(-ms / this.#msPerSecond));
    throw new GraphQLError(
      `New documents took more than ${this.#msPerSecond} ms a second to parse and validate; send values as variables, or retry in ${retryAfter} s.`,
      {
        extensions: {
          code: 'RATE_LIMITED',
          retryAfter,
          http: { status: 429, headers: { 'retry-after': String(retryAfter) } },
        },
      },
    );
  }

  /** Subtracts the time that a document of a caller took. */
  spend(caller: string, ms: number): void {
    if (this.#msPerSecond === 0) return;
    const balance = this.#balanceOf(caller);
    this.#balances.set(caller, { ...balance, ms: balance.ms - ms });
  }

  #balanceOf(caller: string): Balance {
    const now = performance.now();
    const maxMs = BURST_SECONDS * this.#msPerSecond;
    const last = this.#balances.get(caller);
    return { at: now, ms: last ? Math.min(maxMs, last.ms + ((now - last.at) / 1000) * this.#msPerSecond) : maxMs };
  }
}
