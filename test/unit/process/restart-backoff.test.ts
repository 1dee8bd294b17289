import { expect, it } from 'vitest';
import { createRestartBackoff } from '../../../src/process/cluster/restart-backoff.ts';

it('replaces the first worker without delay, then doubles the delay for each early exit, up to 5 s', () => {
  const decideRestart = createRestartBackoff();
  const delays = Array.from({ length: 10 }, () => decideRestart(50, true).delay);
  expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
});

it('resets the delay after a worker that was stable', () => {
  const decideRestart = createRestartBackoff();
  decideRestart(50, true);
  decideRestart(50, true);
  expect([decideRestart(60_000, true).delay, decideRestart(50, true).delay]).toEqual([0, 0]);
});

it('gives up after five consecutive workers that never listened', () => {
  const decideRestart = createRestartBackoff();
  const decisions = [false, false, false, false, true, false, false].map(
    (hasListened) => decideRestart(50, hasListened).isHopeless,
  );
  expect(decisions).toEqual([false, false, false, false, false, false, false]);
  expect([3, 4, 5].map(() => decideRestart(50, false).isHopeless)).toEqual([false, false, true]);
});
