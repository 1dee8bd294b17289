import { expect, it } from 'vitest';
import { createRestartBackoff } from '../../../src/process/cluster/restart-backoff.ts';

it('replaces the first worker at once, and waits longer for each that ends early after it, 5 s at the most', () => {
  const adviseAfter = createRestartBackoff();
  const pauses = Array.from({ length: 10 }, () => adviseAfter(50, true).pause);
  expect(pauses).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

it('begins anew after a worker that has lived', () => {
  const adviseAfter = createRestartBackoff();
  adviseAfter(50, true);
  adviseAfter(50, true);
  expect([adviseAfter(60_000, true).pause, adviseAfter(50, true).pause]).toEqual([0, 0]);
});

it('has no hope after five in a row that never listened', () => {
  const adviseAfter = createRestartBackoff();
  const hopeless = [false, false, false, false, true, false, false].map(
    (listened) => adviseAfter(50, listened).hopeless,
  );
  expect(hopeless).toEqual([false, false, false, false, false, false, false]);
  expect([3, 4, 5].map(() => adviseAfter(50, false).hopeless)).toEqual([false, false, true]);
});
