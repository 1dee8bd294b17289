import { LRUCache } from 'lru-cache';

/** A revoked key lives on, and a fresh one may be unknown, for this long at the most. */
export const KEY_CACHE_MS = 10_000;

/** Answers remembered at the most; what is unknown counts too, so that guesses do not all reach the database. */
const ANSWERS_CACHED = 10_000;

/** Remembers for `KEY_CACHE_MS` what a read found under a text, but no failure. */
export function ttlCache<Value>(read: (text: string) => Promise<Value>): (text: string) => Promise<Value> {
  const cache = new LRUCache<string, Promise<Value>>({ max: ANSWERS_CACHED, ttl: KEY_CACHE_MS });
  return (text) => {
    const cached = cache.get(text);
    if (cached) return cached;
    const reading = read(text);
    cache.set(text, reading);
    reading.catch(() => cache.delete(text));
    return reading;
  };
}
