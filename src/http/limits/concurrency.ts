import type { FastifyRequest } from 'fastify';
import { RateLimitedError } from './rate.ts';
import { onAnswerSent } from '../lifecycle/timing.ts';

/** Reserves one of a key's concurrency slots for the lifetime of a request, until its answer is sent. @throws {RateLimitedError} */
export type ReserveSlot = (request: FastifyRequest, key: string) => void;

/** Limits the requests of a key that this process has in flight. @param limit of each key; 0: none. */
export function limitConcurrency(limit: number): ReserveSlot {
  const inFlight = new Map<string, number>();
  return (request, key) => {
    if (limit === 0) return;
    const others = inFlight.get(key) ?? 0;
    if (others >= limit) throw new RateLimitedError(`The key has ${limit} requests in flight, which is the limit`, 1);
    inFlight.set(key, others + 1);
    onAnswerSent(request, () => {
      const left = (inFlight.get(key) ?? 0) - 1;
      if (left > 0) inFlight.set(key, left);
      else inFlight.delete(key);
    });
  };
}
