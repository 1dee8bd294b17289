import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { RecentWrites } from '../../../src/http/read-routing.ts';

const at = (timeline: number, lsn: number) => ({ timeline, lsn: BigInt(lsn) });

/** Remembers writes for 2 s. */
let writes: RecentWrites;

beforeEach(() => {
  vi.useFakeTimers();
  writes = new RecentWrites(1_000);
});
afterEach(() => vi.useRealTimers());

it('requires the primary until the position at the start is known', () => {
  expect(writes.required('a')).toBe('primary');
  writes.floor = at(1, 5);
  expect(writes.required('a')).toEqual(at(1, 5));
});

it('requires the last write of a key, and of other keys what precedes the start', () => {
  writes.floor = at(1, 5);
  writes.record('a', at(1, 9));
  writes.record('a', at(1, 8));
  expect([writes.required('a'), writes.required('b')]).toEqual([at(1, 9), at(1, 5)]);
});

it('forgets a write once a fresh replica has it: one second later, since it can be stored asynchronously', () => {
  writes.floor = at(1, 5);
  writes.record('a', at(1, 9));
  vi.advanceTimersByTime(1_999);
  expect([writes.required('a'), writes.required('b')]).toEqual([at(1, 9), at(1, 5)]);
  vi.advanceTimersByTime(1);
  expect([writes.required('a'), writes.required('b')]).toEqual([undefined, undefined]);
});

it('requires the primary after a write at an unknown position, until a later position is known', () => {
  writes.floor = at(1, 5);
  writes.record('a', at(1, 9));
  writes.record('a', 'primary');
  expect(writes.required('a')).toBe('primary');
  writes.record('a', at(1, 10));
  expect(writes.required('a')).toEqual(at(1, 10));
});

it('requires the primary after an uncertain write, whatever is written later', () => {
  writes.floor = at(1, 5);
  writes.record('a', at(1, 9));
  vi.advanceTimersByTime(500);
  writes.record('a', 'uncertain');
  vi.advanceTimersByTime(1_000);
  writes.record('a', at(1, 10));
  expect(writes.required('a')).toBe('primary');
  // Later writes do not prolong that.
  vi.advanceTimersByTime(1_000);
  expect(writes.required('a')).toEqual(at(1, 10));
});

it('requires the writes of all keys if there are too many', () => {
  writes.floor = at(1, 1);
  for (let key = 0; key < 10_000; key += 1) writes.record(`key${key}`, at(1, 20_000 - key));
  expect(writes.required('another')).toEqual(at(1, 1));
  writes.record('key10000', at(1, 1));
  expect(writes.required('another')).toEqual(at(1, 20_000));
  for (let key = 0; key < 10_000; key += 1) writes.record(`more${key}`, key === 0 ? 'uncertain' : at(1, 1));
  expect(writes.required('another')).toBe('primary');
});

/** Records writes of more keys than are remembered one by one. */
function recordMany(prefix: string, outcome: Parameters<RecentWrites['record']>[1]): void {
  for (let key = 0; key <= 10_000; key += 1) writes.record(`${prefix}${key}`, outcome);
}

it('keeps requiring the primary after an uncertain write while the writes of more and more keys follow', () => {
  writes.floor = at(1, 1);
  writes.record('a', 'uncertain');
  vi.advanceTimersByTime(500);
  recordMany('b', at(1, 10));
  expect(writes.required('a')).toBe('primary');
  vi.advanceTimersByTime(500);
  recordMany('c', at(1, 20));
  expect(writes.required('a')).toBe('primary');
  vi.advanceTimersByTime(1_000);
  expect(writes.required('a')).toEqual(at(1, 20));
});

it('keeps the writes of too many keys when it learns what precedes the start', () => {
  writes.record('a', 'uncertain');
  vi.advanceTimersByTime(500);
  recordMany('b', at(1, 10));
  writes.floor = at(1, 5);
  expect(writes.required('a')).toBe('primary');
  vi.advanceTimersByTime(1_500);
  expect(writes.required('a')).toEqual(at(1, 10));
});

it('requires the primary while writes of other processes may be unknown', () => {
  writes.floor = at(1, 5);
  writes.completeUntil = performance.now() + 100;
  expect(writes.required('a')).toEqual(at(1, 5));
  vi.advanceTimersByTime(100);
  expect(writes.required('a')).toBe('primary');
});
