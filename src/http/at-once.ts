import type { FastifyRequest } from 'fastify';
import type { Viewer } from '../auth/viewer.ts';
import { payerOf, RateLimitedError } from './rate-limit.ts';
import { whenDone } from './work.ts';

/** Takes one of the places of the viewer's key for a request, until that is done. @throws {RateLimitedError} */
export type TakePlace = (request: FastifyRequest, viewer: Viewer) => void;

/** Counts by key how many requests this process has under way. @param limit of each key; 0: none. */
export function limitAtOnce(limit: number): TakePlace {
  const underWay = new Map<string, number>();
  return (request, viewer) => {
    if (limit === 0) return;
    const payer = payerOf(viewer);
    const others = underWay.get(payer) ?? 0;
    if (others >= limit)
      throw new RateLimitedError(`${limit} requests of this key are being answered, which is the limit`, 1);
    underWay.set(payer, others + 1);
    whenDone(request, () => {
      const left = (underWay.get(payer) ?? 0) - 1;
      if (left > 0) underWay.set(payer, left);
      else underWay.delete(payer);
    });
  };
}
