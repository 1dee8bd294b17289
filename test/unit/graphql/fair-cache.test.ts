import { describe, expect, it } from 'vitest';
import { FairCache } from '../../../src/graphql/execution/fair-cache.ts';

describe('A fair cache', () => {
  it('never weighs more than it may, and evicts what was not used for the longest time', () => {
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

  it('takes the room for an entry from the owner who has most', () => {
    const cache = new FairCache<string, true>(1_000);
    for (let key = 0; key < 5; key += 1) cache.set(`quiet ${key}`, true, 50, 'quiet');
    for (let key = 0; key < 10_000; key += 1) cache.set(`flood ${key}`, true, 50, 'flood');
    for (let key = 0; key < 5; key += 1) expect(cache.get(`quiet ${key}`)).toBe(true);
    expect(cache.bytes).toBe(1_000);
    // Two who flood it share it.
    for (let key = 0; key < 10_000; key += 1) cache.set(`other ${key}`, true, 50, 'other');
    expect(cache.get('flood 9999')).toBe(true);
    expect(cache.get('quiet 0')).toBe(true);
  });

  it('lets one owner fill it, as long as nobody else needs room', () => {
    const cache = new FairCache<number, true>(1_000);
    for (let key = 0; key < 20; key += 1) cache.set(key, true, 50, 'a');
    expect(cache.size).toBe(20);
  });

  it('counts an entry once that is replaced, by whomever', () => {
    const cache = new FairCache<string, number>(1_000);
    cache.set('key', 1, 50, 'a');
    cache.set('key', 2, 60, 'b');
    expect([cache.get('key'), cache.bytes, cache.size]).toEqual([2, 60, 1]);
  });

  it('does not keep an entry of more than a sixteenth, or anything if it has no room', () => {
    const cache = new FairCache<string, true>(1_000);
    cache.set('small', true, 62, 'a');
    cache.set('large', true, 63, 'a');
    expect([cache.get('small'), cache.get('large')]).toEqual([true, undefined]);
    const none = new FairCache<string, true>(0);
    none.set('key', true, 1, 'a');
    expect(none.size).toBe(0);
  });
});
