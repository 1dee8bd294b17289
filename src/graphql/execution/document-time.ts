import { LRUCache } from 'lru-cache';
import { RateLimitedError } from '../../http/limits/rate.ts';
import { rateLimited } from '../checks/rate.ts';

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
export class DocumentTimeLimit {
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
    const reason = `New documents took more than ${this.#msPerSecond} ms per second to parse and validate. Send values as variables`;
    throw rateLimited(new RateLimitedError(reason, Math.max(1, Math.ceil(-ms / this.#msPerSecond))));
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
