import type { FastifyReply, FastifyRequest } from 'fastify';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
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

const WINDOW_SECONDS = 60;

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

/** Counts by key, in this process; a public key and its secret are counted apart. */
export function createCharge(limits: RateLimits): Charge {
  const counters = {
    secret: counter(limits.secret),
    publicKey: counter(limits.publicKey),
    token: counter(limits.publicKey),
  };
  return async (request, reply, points) => {
    const { workspaceId, keyId, credential } = viewerOf(request);
    const counting = counters[credential];
    const limit = counting.points;
    if (limit === 0) return;
    const { left, seconds, refused } = await spend(counting, `${workspaceId} ${keyId}`, points);
    reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': left, 'ratelimit-reset': seconds });
    if (refused) throw new RateLimitedError(limit, seconds);
  };
}

const counter = (points: number) => new RateLimiterMemory({ points, duration: WINDOW_SECONDS });

/** Takes points; of those that a refused request would have cost, none. */
async function spend(limiter: RateLimiterMemory, key: string, points: number) {
  const found = await limiter.consume(key, points).then(
    (state) => ({ state, refused: false }),
    (state: unknown) => ({ state, refused: true }),
  );
  if (!(found.state instanceof RateLimiterRes)) throw found.state;
  const { msBeforeNext } = found.state;
  const { remainingPoints } = found.refused ? await limiter.reward(key, points) : found.state;
  return { left: remainingPoints, seconds: Math.ceil(msBeforeNext / 1000), refused: found.refused };
}
