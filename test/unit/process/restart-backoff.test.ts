import { expect, it } from 'vitest';
import { createRestartBackoff } from '../../../src/process/cluster/restart-backoff.ts';

it('replaces the first worker at once, and waits longer for each that ends early after it, 5 s at the most', () => {
  const decideRestart = createRestartBackoff();
  const pauses = Array.from({ length: 10 }, () => decideRestart(50, true).pause);
  expect(pauses).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

it('begins anew after a worker that has lived', () => {
  const decideRestart = createRestartBackoff();
  decideRestart(50, true);
  decideRestart(50, true);
  expect([decideRestart(60_000, true).pause, decideRestart(50, true).pause]).toEqual([0, 0]);
});

it('has no hope after five in a row that never listened', () => {
  const decideRestart = createRestartBackoff();
  const givesUp = [false, false, false, false, true, false, false].map(
    (listened) => decideRestart(50, listened).givesUp,
  );
  expect(givesUp).toEqual([false, false, false, false, false, false, false]);
  expect([3, 4, 5].map(() => decideRestart(50, false).givesUp)).toEqual([false, false, true]);
});
