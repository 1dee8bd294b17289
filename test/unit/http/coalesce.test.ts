import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { coalesce } from '../../../src/health/routes.ts';

it('runs once for concurrent calls, and for later calls within the TTL', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let runs = 0;
  const check = coalesce(() => {
    runs += 1;
    return runs === 1 ? promise : Promise.resolve(runs);
  }, 50);
  const first = [check(), check()];
  await delay(80);
  first.push(check());
  resolve(1);
  expect(await Promise.all(first)).toEqual([1, 1, 1]);
  expect(await check()).toBe(1);
  await delay(80);
  expect(await check()).toBe(2);
  expect(runs).toBe(2);
});

it('runs again after a failure', async () => {
  let runs = 0;
  const check = coalesce(async () => {
    runs += 1;
    if (runs === 1) throw new Error('away');
    return runs;
  }, 1);
  await expect(check()).rejects.toThrow('away');
  await delay(30);
  expect(await check()).toBe(2);
});
