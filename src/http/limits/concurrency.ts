import type { FastifyRequest } from 'fastify';
import { limitChannel } from '../../telemetry/channels.ts';
import { onResponseSent } from '../lifecycle/timing.ts';
import { RateLimitedError } from './rate.ts';

/** Reserves one of a key's concurrency slots for a request until its response is sent. @throws {RateLimitedError} */
type ReserveSlot = (request: FastifyRequest, key: string) => void;

/** Limits how many requests of a key this process has in flight. @param limit per key; 0: no limit. */
export function limitConcurrency(limit: number): ReserveSlot {
  const inFlight = new Map<string, number>();
  return (request, key) => {
    if (limit === 0) return;
    const count = inFlight.get(key) ?? 0;
    if (count >= limit) {
      limitChannel.publish({ reason: 'concurrency' });
      throw new RateLimitedError(`The key has reached its limit of ${limit} concurrent requests`, 1);
    }
    inFlight.set(key, count + 1);
    onResponseSent(request, () => {
      const rest = (inFlight.get(key) ?? 0) - 1;
      if (rest > 0) inFlight.set(key, rest);
      else inFlight.delete(key);
    });
  };
}
