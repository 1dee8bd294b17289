import { LRUCache } from 'lru-cache';

/**
 * How long keys and workspace names are cached: the delay until a key that was revoked, has expired or was rotated is
 * rejected, until changed scopes and limits apply, and until a new key is accepted.
 */
export const KEY_CACHE_MS = 10_000;

/** Unknown keys are also cached, so that not every guessed key causes a query. */
const MAX_CACHED_VALUES = 10_000;

/** Values that are read by key. */
interface TtlCache<Value> {
  /** Returns the cached value, or reads it. */
  find(key: string): Promise<Value>;
  /** The value that `find` would return without reading it. */
  cached(key: string): Promise<Value> | undefined;
}

/** Caches the results of `read` by key for `KEY_CACHE_MS`. Failures are not cached; concurrent calls share one read. */
export function ttlCache<Value>(read: (key: string) => Promise<Value>): TtlCache<Value> {
  const cache = new LRUCache<string, Promise<Value>>({ max: MAX_CACHED_VALUES, ttl: KEY_CACHE_MS });
  return {
    find(key) {
      const cached = cache.get(key);
      if (cached) return cached;
      const pending = read(key);
      cache.set(key, pending);
      pending.catch(() => cache.delete(key));
      return pending;
    },
    cached: (key) => cache.get(key),
  };
}
