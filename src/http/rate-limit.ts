import type { FastifyReply, FastifyRequest } from 'fastify';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { viewerOf } from './viewer.ts';

/** Points that a key may spend in a minute; 0: as many as it likes. */
export interface RateLimits {
  /** With its secret. */
  secret: number;
  /** With the public key alone, which all who send it share; or with a token, each subject its own. */
  publicKey: number;
}

/** What a request costs: each a point, and one that writes another. */
export const POINTS = { request: 1, write: 1 } as const;

/** How long points last. */
export const WINDOW_SECONDS = 60;

/** The key has spent the points of this minute. */
export class RateLimitedError extends Error {
  readonly code = 'RATE_LIMITED';
  /** Whole seconds until there are new ones. */
  readonly retryAfter: number;

  constructor(limit: number, retryAfter: number) {
    super(`The limit of ${limit} points a minute is spent; try again in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}

/**
 * Takes points from the key that sent a request, and says in `RateLimit-*` headers what is left of them.
 * @throws {RateLimitedError} when there are too few left.
 */
export type Charge = (request: FastifyRequest, reply: FastifyReply, points: number) => Promise<void>;

/** What a key has after it has paid, or after it could not. */
export interface Balance {
  left: number;
  /** Whole seconds until there are new ones. */
  seconds: number;
  refused: boolean;
}

/** Takes points from a key; of those that a refused request would have cost, none. */
export type Counter = (key: string, points: number) => Promise<Balance>;

/** Makes a counter of so many points a minute. The name tells it from others. */
export type CreateCounter = (name: string, limit: number) => Counter;

/** Counts by key; a public key and its secret are counted apart. */
export function createCharge(limits: RateLimits, createCounter: CreateCounter = countHere): Charge {
  const limitOf = { secret: limits.secret, publicKey: limits.publicKey, token: limits.publicKey };
  const spend = {
    secret: createCounter('secret', limitOf.secret),
    publicKey: createCounter('publicKey', limitOf.publicKey),
    token: createCounter('token', limitOf.token),
  };
  return async (request, reply, points) => {
    const { workspaceId, keyId, credential } = viewerOf(request);
    const limit = limitOf[credential];
    if (limit === 0) return;
    const { left, seconds, refused } = await spend[credential](`${workspaceId} ${keyId}`, points);
    reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': left, 'ratelimit-reset': seconds });
    if (refused) throw new RateLimitedError(limit, seconds);
  };
}

/** Counts in this process alone. */
export const countHere: CreateCounter = (_name, points) =>
  countWith(new RateLimiterMemory({ points, duration: WINDOW_SECONDS }));

/** Counts wherever a limiter does. */
export function countWith(limiter: RateLimiterAbstract): Counter {
  return async (key, points) => {
    const found = await limiter.consume(key, points).then(
      (state) => ({ state, refused: false }),
      (state: unknown) => ({ state, refused: true }),
    );
    if (!(found.state instanceof RateLimiterRes)) throw found.state;
    const { msBeforeNext } = found.state;
    const { remainingPoints } = found.refused ? await limiter.reward(key, points) : found.state;
    return { left: remainingPoints, seconds: Math.ceil(msBeforeNext / 1000), refused: found.refused };
  };
}
