import { setTimeout as delay } from 'node:timers/promises';
import type { FastifyInstance, FastifyReply } from 'fastify';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Viewer } from '../../auth/viewer.ts';
import { limitChannel } from '../../telemetry/channels.ts';

/** Points per minute of keys without a limit of their own; 0: no limit. */
export interface RateLimits {
  /** Requests with the secret. */
  secret: number;
  /** Requests with the public key alone, all of which share the limit; or with a token, where each subject has its own. */
  publicKey: number;
}

/** Points that each request costs, and that each write costs in addition. */
export const POINTS = { request: 1, write: 1 } as const;

/** The client exceeded its rate limit or its number of concurrent requests. */
export class RateLimitedError extends Error {
  readonly code = 'RATE_LIMITED';
  /** Whole seconds after which to retry. */
  readonly retryAfter: number;

  constructor(reason: string, retryAfter: number) {
    super(`${reason}; retry in ${retryAfter} s.`);
    this.retryAfter = retryAfter;
  }
}

/**
 * Charges points to the viewer's key, and sets the `RateLimit-*` headers.
 * @returns a promise that is rejected with a `RateLimitedError` if the key has too few points left; undefined if the points were
 *   charged without waiting.
 */
export type Charge = (viewer: Viewer, reply: FastifyReply, points: number) => Promise<void> | undefined;

/** The key under which a viewer's points and requests are counted; a public key and its secret are counted separately. */
export const rateLimitKey = ({
  credential,
  workspaceId,
  keyId,
}: Pick<Viewer, 'credential' | 'workspaceId' | 'keyId'>): string => `${credential} ${workspaceId} ${keyId}`;

/** The workspace of a `rateLimitKey`. */
export const workspaceOfKey = (key: string): string | undefined => key.split(' ', 2)[1];

/** Creates the rate limit. @param counter default: counts in this process. */
export function createCharge(limits: RateLimits, counter: Counter = countInProcess()): Charge {
  const defaults = { secret: limits.secret, publicKey: limits.publicKey, token: limits.publicKey };
  return (viewer, reply, points) => {
    const limit = viewer.rateLimit ?? defaults[viewer.credential];
    if (limit === 0) return undefined;
    const balance = counter(rateLimitKey(viewer), points, limit);
    return balance instanceof Promise
      ? balance.then((counted) => settle(reply, limit, counted))
      : settle(reply, limit, balance);
  };
}

/** Sets the headers. @returns a rejected promise if the limit is exceeded. */
function settle(reply: FastifyReply, limit: number, { remaining, resetSeconds, isExceeded }: Balance) {
  reply.headers({ 'ratelimit-limit': limit, 'ratelimit-remaining': remaining, 'ratelimit-reset': resetSeconds });
  if (!isExceeded) return undefined;
  limitChannel.publish({ reason: 'points' });
  const reason = `The key has exceeded its limit of ${limit} points per minute`;
  return Promise.reject(new RateLimitedError(reason, resetSeconds));
}

/** Length of the rate limit's window. */
const WINDOW_SECONDS = 60;

/**
 * Options for a limiter of `rate-limiter-flexible` that only counts: its own limit is too high to be reached, since each
 * key has a different limit.
 */
export const COUNTING = { points: Number.MAX_SAFE_INTEGER, duration: WINDOW_SECONDS };

/** The state of a key's window. */
export interface Balance {
  remaining: number;
  /** Whole seconds until the window ends. */
  resetSeconds: number;
  /** Whether the points were not available; then none were taken. */
  isExceeded: boolean;
}

/** Takes points from a key if its limit per minute allows it; a rejected request costs none. */
export type Counter = (key: string, points: number, limit: number) => Balance | Promise<Balance>;

/** The points of a key in its current window. */
interface Window {
  points: number;
  /** In ms of `performance.now()`. */
  endsAt: number;
}

/**
 * Counts in this process, so that a request does not wait: 0.1 µs a charge. `RateLimiterMemory` of `rate-limiter-flexible` takes
 * 0.8 µs and returns a promise.
 */
export function countInProcess(): Counter {
  // In the order of their ends, since all windows have the same length.
  const windows = new Map<string, Window>();
  return (key, points, limit) => {
    const now = performance.now();
    const window = currentWindow(windows, key, now);
    const isExceeded = window.points + points > limit;
    if (!isExceeded) window.points += points;
    const resetSeconds = Math.ceil((window.endsAt - now) / 1000);
    return { remaining: Math.max(0, limit - window.points), resetSeconds, isExceeded };
  };
}

/** The window of a key, which begins with the first request after the end of the one before. Deletes windows that have ended. */
function currentWindow(windows: Map<string, Window>, key: string, now: number): Window {
  const current = windows.get(key);
  if (current && now < current.endsAt) return current;
  for (const [other, { endsAt }] of windows) {
    if (now < endsAt) break;
    windows.delete(other);
  }
  const window = { points: 0, endsAt: now + WINDOW_SECONDS * 1000 };
  windows.set(key, window);
  return window;
}

/** A counter that other processes share. */
export type SharedCounter = (...args: Parameters<Counter>) => Promise<Balance>;

/** Counts with a limiter of `rate-limiter-flexible`. */
export function countWith(limiter: RateLimiterAbstract): SharedCounter {
  return async (key, points, limit) => {
    const consumed = await limiter.consume(key, points);
    const isExceeded = consumed.consumedPoints > limit;
    const { consumedPoints, msBeforeNext } = isExceeded ? await limiter.reward(key, points) : consumed;
    return {
      remaining: Math.max(0, limit - consumedPoints),
      resetSeconds: Math.ceil(msBeforeNext / 1000),
      isExceeded,
    };
  };
}

/** Rejections of a key per second that are answered immediately; further ones are delayed. */
const IMMEDIATE_REJECTIONS_PER_SECOND = 50;

/** Delay of further rejections in ms: the same as the `retryAfter` of the rejection. */
const REJECTION_DELAY_MS = 1_000;

/** Maximum number of delayed rejections; further ones are answered immediately. */
const MAX_DELAYED_REJECTIONS = 2_000;

/**
 * Delays responses with the status 429, whatever has rejected the request, to slow down clients that ignore `Retry-After`. A rejection
 * costs no points, but about 0.1 ms of CPU time: a client that sends its next request on each rejection would occupy a core.
 * The delay does not count as work on the request, which has ended (`trackTiming`, whose hook must be added before).
 */
export function paceRejections(app: FastifyInstance): void {
  const delayOf = createRejectionPacing();
  app.addHook('onSend', ({ viewer }, { statusCode }, _payload, done) => {
    const delayed = statusCode === 429 && viewer ? delayOf(rateLimitKey(viewer)) : undefined;
    if (delayed) delayed.then(() => done(), done);
    else done();
  });
}

/** Returns the delay to wait for, if any, before a request of a key is rejected. */
function createRejectionPacing(): (key: string) => Promise<unknown> | undefined {
  let second = 0;
  let rejections = new Map<string, number>();
  let delayed = 0;
  return (key) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) [second, rejections] = [now, new Map()];
    const count = (rejections.get(key) ?? 0) + 1;
    rejections.set(key, count);
    if (count <= IMMEDIATE_REJECTIONS_PER_SECOND || delayed >= MAX_DELAYED_REJECTIONS) return undefined;
    delayed += 1;
    return delay(REJECTION_DELAY_MS).finally(() => {
      delayed -= 1;
    });
  };
}
