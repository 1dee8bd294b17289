import { setTimeout as delay } from 'node:timers/promises';

/** Rejections of a key that are answered at once, each second; further ones wait. */
const IMMEDIATE_PER_SECOND = 50;

/** How long in ms a further rejection waits: as long as it tells the client to wait. */
const DELAY_MS = 1_000;

/** Most rejections that wait; further ones are answered at once. */
const MAX_WAITING = 2_000;

/**
 * Slows down clients that ignore `Retry-After`. Each rejection costs about a tenth of a millisecond of CPU, so a client that
 * sends the next request as soon as one is rejected would take a core, at no cost in points.
 * @returns waits, where the key has had its immediate rejections of this second.
 */
export function createRejectionPacing(): (key: string) => Promise<unknown> | undefined {
  let second = 0;
  let rejected = new Map<string, number>();
  let waiting = 0;
  return (key) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, rejected] = [now, new Map()];
    const count = (rejected.get(key) ?? 0) + 1;
    rejected.set(key, count);
    if (count <= IMMEDIATE_PER_SECOND || waiting >= MAX_WAITING) return undefined;
    waiting += 1;
    return delay(DELAY_MS).finally(() => {
      waiting -= 1;
    });
  };
}
