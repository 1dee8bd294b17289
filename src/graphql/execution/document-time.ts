import { GraphQLError } from 'graphql';
import { LRUCache } from 'lru-cache';

/** Seconds for which unused time is saved up: a client that starts sends all of its documents at once. */
const SAVED_SECONDS = 10;

/** Most callers whose time is counted. One that is forgotten has saved up all of its time. */
const MAX_CALLERS = 10_000;

interface Balance {
  /** Milliseconds that are left; negative where the last document took more than there was. */
  ms: number;
  /** When they were counted, in ms. */
  at: number;
}

/**
 * Limits the CPU time in which documents that are not cached are parsed and validated, for each caller. Rules of validation
 * compare fields in pairs: 2,000 tokens take up to 55 ms, so that a hundred such requests a second would leave no time for
 * anybody else.
 */
export class ReadingLimit {
  readonly #msPerSecond: number;
  readonly #balances = new LRUCache<string, Balance>({ max: MAX_CALLERS });

  /** @param msPerSecond time that each caller may use; 0: no limit. */
  constructor(msPerSecond: number) {
    this.#msPerSecond = msPerSecond;
  }

  /** @throws {GraphQLError} `RATE_LIMITED` where the caller has used up its time. */
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

  /** Counts time that reading a document of a caller took. */
  spend(caller: string, ms: number): void {
    if (this.#msPerSecond === 0) return;
    const balance = this.#balanceOf(caller);
    this.#balances.set(caller, { ...balance, ms: balance.ms - ms });
  }

  #balanceOf(caller: string): Balance {
    const now = performance.now();
    const most = SAVED_SECONDS * this.#msPerSecond;
    const known = this.#balances.get(caller);
    return { at: now, ms: known ? Math.min(most, known.ms + ((now - known.at) / 1000) * this.#msPerSecond) : most };
  }
}
