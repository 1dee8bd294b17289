import { setTimeout as delay } from 'node:timers/promises';
import type { ReadDb } from '../../db/client.ts';
import { inWorkspace } from '../../db/sql.ts';

/** How often in ms to look at the load of others. */
const CHECK_INTERVAL_MS = 1000;

/** Transactions of others a second from which the database counts as in use. */
const BUSY_TRANSACTIONS = 50;

/**
 * Records in a chunk while others use the database, and the pause after a chunk as a multiple of its duration. Beside 200 requests of
 * `user` a second on two cores, their p99 was 1.5 times that without an import; 2.5 times with chunks of 100 and a pause of 2
 * (docs/performance.md).
 */
const BUSY_CHUNK = 25;
const BUSY_PAUSE = 4;

/** Options of `Pace`. */
interface PaceOptions {
  /** The workspace into which is imported. */
  workspaceId: string;
  /** Records in a chunk while nobody else uses the database. */
  chunk: number;
  /** Maximum number of records a second; unlimited by default. */
  maxRate?: number | undefined;
}

/**
 * Slows an import down while others use the database: it then writes smaller chunks, and pauses between them. Others are
 * recognized by the transactions that PostgreSQL has counted for the database and the import has not made itself.
 */
export class Pace {
  readonly #db: ReadDb;
  readonly #options: PaceOptions;
  #isBusy = false;
  #checkedAt = 0;
  #transactions: number | undefined;
  /** Transactions of the import since the last check. */
  #own = 0;

  constructor(db: ReadDb, options: PaceOptions) {
    this.#db = db;
    this.#options = options;
  }

  /** Maximum number of records in the next chunk. */
  get chunk(): number {
    const { chunk, maxRate = Number.POSITIVE_INFINITY } = this.#options;
    return Math.max(1, Math.min(this.#isBusy ? BUSY_CHUNK : chunk, Math.ceil(maxRate)));
  }

  /** Waits after a chunk as long as others need. @param ms how long it took. */
  async wait(ms: number, records: number, signal?: AbortSignal): Promise<void> {
    this.#own += 1;
    if (performance.now() - this.#checkedAt >= CHECK_INTERVAL_MS) await this.#check();
    const { maxRate } = this.#options;
    const pauses = [this.#isBusy ? ms * BUSY_PAUSE : 0, maxRate ? (records * 1000) / maxRate - ms : 0];
    const pause = Math.max(...pauses);
    if (pause > 0) await delay(pause, undefined, { signal }).catch(() => {});
  }

  async #check(): Promise<void> {
    const seconds = (performance.now() - this.#checkedAt) / 1000;
    this.#checkedAt = performance.now();
    const [row] = await this.#db.query<{ transactions: number }[]>`/* readDatabaseLoad */
      SELECT (
        SELECT (xact_commit + xact_rollback)::float8 FROM pg_stat_database WHERE datname = current_database()
      ) AS transactions ${inWorkspace(this.#options.workspaceId)}`;
    const others = (row?.transactions ?? 0) - (this.#transactions ?? row?.transactions ?? 0) - this.#own;
    this.#isBusy = others / seconds > BUSY_TRANSACTIONS;
    this.#transactions = row?.transactions;
    // The check itself.
    this.#own = 1;
  }
}
