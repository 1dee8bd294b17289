import { describe, expect, it } from 'vitest';
import { FairCache } from '../../../src/graphql/execution/fair-cache.ts';

describe('A fair cache', () => {
  it('never exceeds its limit, and evicts the least recently used entry', () => {
    const cache = new FairCache<number, string>(1_000);
    for (let key = 0; key < 100; key += 1) {
      cache.get(0);
      cache.set(key, `v${key}`, 50, 'a');
      expect(cache.bytes).toBeLessThanOrEqual(1_000);
    }
    expect(cache).toMatchObject({ size: 20, bytes: 1_000 });
    expect(cache.get(0)).toBe('v0');
    expect(cache.get(80)).toBeUndefined();
    expect(cache.get(81)).toBe('v81');
  });

  it('evicts entries of the owner with the most bytes', () => {
    const cache = new FairCache<string, true>(1_000);
    for (let key = 0; key < 5; key += 1) cache.set(`quiet ${key}`, true, 50, 'quiet');
    for (let key = 0; key < 10_000; key += 1) cache.set(`flood ${key}`, true, 50, 'flood');
    for (let key = 0; key < 5; key += 1) expect(cache.get(`quiet ${key}`)).toBe(true);
    expect(cache.bytes).toBe(1_000);
    // Two owners that flood the cache share it.
    for (let key = 0; key < 10_000; key += 1) cache.set(`other ${key}`, true, 50, 'other');
    expect(cache.get('flood 9999')).toBe(true);
    expect(cache.get('quiet 0')).toBe(true);
  });

  it('lets one owner fill it while no other needs space', () => {
    const cache = new FairCache<number, true>(1_000);
    for (let key = 0; key < 20; key += 1) cache.set(key, true, 50, 'a');
    expect(cache.size).toBe(20);
  });

  it('counts a replaced entry once, even if another owner replaces it', () => {
    const cache = new FairCache<string, number>(1_000);
    cache.set('key', 1, 50, 'a');
    cache.set('key', 2, 60, 'b');
    expect([cache.get('key'), cache.bytes, cache.size]).toEqual([2, 60, 1]);
  });

  it('does not cache entries larger than a sixteenth of its limit, and nothing if the limit is 0', () => {
    const cache = new FairCache<string, true>(1_000);
    cache.set('small', true, 62, 'a');
    cache.set('large', true, 63, 'a');
    expect([cache.get('small'), cache.get('large')]).toEqual([true, undefined]);
    const none = new FairCache<string, true>(0);
    none.set('key', true, 1, 'a');
    expect(none.size).toBe(0);
  });
});
