import { validate, version } from 'uuid';
import { expect, it, vi } from 'vitest';
import { newId } from '../../../src/domain/shared/ids.ts';

it('generates UUIDv7s of the current time, each greater than the previous one', () => {
  const before = Date.now();
  const ids = Array.from({ length: 10_000 }, newId);
  const after = Date.now();
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids).toEqual(ids.toSorted());
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  const times = ids.map((id) => Number.parseInt(id.replace('-', '').slice(0, 12), 16));
  expect(Math.min(...times)).toBeGreaterThanOrEqual(before);
  expect(Math.max(...times)).toBeLessThanOrEqual(after);
});

it('keeps the order if the clock goes back', () => {
  const first = newId();
  vi.useFakeTimers({ now: Date.now() - 60_000 });
  try {
    const ids = [first, ...Array.from({ length: 1_000 }, newId)];
    expect(ids).toEqual(ids.toSorted());
  } finally {
    vi.useRealTimers();
  }
});

it('draws new random bytes for each id', () => {
  const tails = new Set(Array.from({ length: 10_000 }, () => newId().slice(-11)));
  expect(tails.size).toBe(10_000);
});
