import type { FastifyReply } from 'fastify';
import type { Viewer } from '../../auth/viewer.ts';
import { type RateLimiterAbstract, RateLimiterMemory } from 'rate-limiter-flexible';

/** Points that a key may spend in a minute where it has no limit of its own; 0: as many as it likes. */
export interface RateLimits {
  /** With its secret. */
  secret: number;
  /** With the public key alone, which all who send it share; or with a token, each subject its own. */
  publicKey: number;
}

/** What a request costs: each a point, and one that writes another. */
export const POINTS = { request: 1, write: 1 } as const;

/** Somebody asks more often, or more at once, than they may. */
export class RateLimitedError extends Error {
  readonly code = 'RATE_LIMITED';
  /** Whole seconds until it may be tried again. */
  readonly retryAfter: number;

  constructor(reason: string, retryAfter: number) {
    super(`${reason}; try again in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}

/**
 * Takes points from the key that sent a request, and says in `RateLimit-*` headers what is left of them.
 * @throws {RateLimitedError} when there are too few left.
 */
export type Charge = (viewer: Viewer, reply: FastifyReply, points: number) => Promise<void>;

/** Whose points and requests are counted together: a public key and its secret are apart. */
export const rateLimitKey = ({ credential, workspaceId, keyId }: Viewer): string =>
  `${credential} ${workspaceId} ${keyId}`;

/** Counts by key. @param counter left out: this process counts alone. */
export function createCharge(limits: RateLimits, counter: Counter = countInProcess()): Charge {
  const usual = { secret: limits.secret, publicKey: limits.publicKey, token: limits.publicKey };
  return async (viewer, reply, points) => {
    const limit = viewer.rateLimit ?? usual[viewer.credential];
    if (limit === 0) return;
    const { left, seconds, refused } = await counter(rateLimitKey(viewer), points, limit);
    reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': left, 'ratelimit-reset': seconds });
    if (refused) throw new RateLimitedError(`The limit of ${limit} points a minute is spent`, seconds);
  };
}

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
export const countInProcess = (): Counter => countWith(new RateLimiterMemory(COUNTING));

/** Counts wherever a limiter does. */
export function countWith(limiter: RateLimiterAbstract): Counter {
  return async (key, points, limit) => {
    const paid = await limiter.consume(key, points);
    const refused = paid.consumedPoints > limit;
    const { consumedPoints, msBeforeNext } = refused ? await limiter.reward(key, points) : paid;
    return { left: Math.max(0, limit - consumedPoints), seconds: Math.ceil(msBeforeNext / 1000), refused };
  };
}
