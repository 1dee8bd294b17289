import { type RateLimiterAbstract, RateLimiterMemory } from 'rate-limiter-flexible';

/** How long points last. */
export const WINDOW_SECONDS = 60;

/** What a limiter of the library is made with. It only counts: each key has a limit of its own, which it does not know. */
export const COUNTING = { points: Number.MAX_SAFE_INTEGER, duration: WINDOW_SECONDS };

/** What a key has after it has paid, or after it could not. */
export interface Balance {
  left: number;
  /** Whole seconds until there are new ones. */
  seconds: number;
  refused: boolean;
}

/** Takes points from a key that may spend so many a minute; of those that a refused request would have cost, none. */
export type Counter = (key: string, points: number, limit: number) => Promise<Balance>;

/** Counts in this process alone. */
export const countHere = (): Counter => countWith(new RateLimiterMemory(COUNTING));

/** Counts wherever a limiter does. */
export function countWith(limiter: RateLimiterAbstract): Counter {
  return async (key, points, limit) => {
    const paid = await limiter.consume(key, points);
    const refused = paid.consumedPoints > limit;
    const { consumedPoints, msBeforeNext } = refused ? await limiter.reward(key, points) : paid;
    return { left: Math.max(0, limit - consumedPoints), seconds: Math.ceil(msBeforeNext / 1000), refused };
  };
}
