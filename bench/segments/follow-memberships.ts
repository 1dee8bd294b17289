import { setTimeout as sleep } from 'node:timers/promises';
import type { WriteDb } from '../../src/db/client.ts';
import { changesAfter, currentSnapshot } from '../../src/domain/changes/feed.ts';

/** Interval in ms between two looks at the log of changes. What is measured is too long by up to it, and by the time of the look. */
export const LOOK_MS = 20;

/** Changes that a look reads. */
const LOOK_SIZE = 10_000;

/** An entry or exit that a write is going to cause. */
export interface Expectation {
  userId: string;
  segmentId: string;
  action: 'enterSegment' | 'exitSegment';
}

/**
 * Follows the entries and exits of a workspace in its log of changes, where they are visible at the same time as the memberships: both
 * are written by one statement.
 */
export class MembershipFollower {
  /** What is expected, with the instant from which its lag counts. */
  readonly #expected = new Map<string, { from: number; lags: number[] }>();
  /** When what was not expected yet was seen. */
  readonly #seen = new Map<string, number>();
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;

  constructor(db: WriteDb, workspaceId: string) {
    this.#running = this.#follow(db, workspaceId);
  }

  /**
   * Expects an entry or exit.
   * @param from the instant from which its lag counts, as `performance.now()`. @param lags receives the lag in ms.
   */
  expect(expectation: Expectation, from: number, lags: number[]): void {
    const key = keyOf(expectation);
    const seenAt = this.#seen.get(key);
    this.#seen.delete(key);
    if (seenAt === undefined) this.#expected.set(key, { from, lags });
    // It was visible before the response to its write arrived.
    else lags.push(Math.max(seenAt - from, 0));
  }

  /** Forgets what was expected or seen before. */
  reset(): void {
    this.#expected.clear();
    this.#seen.clear();
  }

  /** Waits until all that was expected has been seen, up to a maximum. @returns how many have not been seen. */
  async settle(maxMs: number): Promise<number> {
    const end = performance.now() + maxMs;
    while (this.#expected.size > 0 && performance.now() < end) await sleep(LOOK_MS);
    return this.#expected.size;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async #follow(db: WriteDb, workspaceId: string): Promise<void> {
    const { signal } = this.#stopping;
    let position = await currentSnapshot(db, workspaceId);
    while (!signal.aborted) {
      const { changes, snapshot, hasMore } = await changesAfter(db, workspaceId, position, LOOK_SIZE);
      position = snapshot;
      const now = performance.now();
      for (const { action, userId, segmentId } of changes) {
        if ((action !== 'enterSegment' && action !== 'exitSegment') || !userId || !segmentId) continue;
        this.#see(keyOf({ action, userId, segmentId }), now);
      }
      if (!hasMore) await sleep(LOOK_MS, undefined, { signal }).catch(() => {});
    }
  }

  #see(key: string, now: number): void {
    const expected = this.#expected.get(key);
    if (!expected) this.#seen.set(key, now);
    else {
      this.#expected.delete(key);
      expected.lags.push(Math.max(now - expected.from, 0));
    }
  }
}

const keyOf = ({ userId, segmentId, action }: Expectation) => `${userId} ${segmentId} ${action}`;
