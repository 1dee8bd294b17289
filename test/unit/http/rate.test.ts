import { afterEach, expect, it, vi } from 'vitest';
import { countInProcess } from '../../../src/http/limits/rate.ts';

let now = 0;
afterEach(() => vi.restoreAllMocks());

function startCounter() {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  return countInProcess();
}

it('counts the points of each key in windows of a minute from its first request', () => {
  const count = startCounter();
  expect(count('a', 3, 10)).toEqual({ remaining: 7, resetSeconds: 60, isExceeded: false });
  now += 30_000;
  expect(count('b', 1, 10)).toEqual({ remaining: 9, resetSeconds: 60, isExceeded: false });
  expect(count('a', 7, 10)).toEqual({ remaining: 0, resetSeconds: 30, isExceeded: false });
  now += 29_999;
  expect(count('a', 1, 10)).toEqual({ remaining: 0, resetSeconds: 1, isExceeded: true });
  now += 1;
  expect(count('a', 1, 10)).toEqual({ remaining: 9, resetSeconds: 60, isExceeded: false });
  expect(count('b', 1, 10)).toEqual({ remaining: 8, resetSeconds: 30, isExceeded: false });
});

it('takes no points for a request that exceeds the limit', () => {
  const count = startCounter();
  count('a', 8, 10);
  expect(count('a', 5, 10)).toEqual({ remaining: 2, resetSeconds: 60, isExceeded: true });
  expect(count('a', 2, 10)).toEqual({ remaining: 0, resetSeconds: 60, isExceeded: false });
});

it('follows a limit that changes within a window', () => {
  const count = startCounter();
  count('a', 8, 10);
  expect(count('a', 1, 5)).toEqual({ remaining: 0, resetSeconds: 60, isExceeded: true });
  expect(count('a', 1, 20)).toEqual({ remaining: 11, resetSeconds: 60, isExceeded: false });
});
