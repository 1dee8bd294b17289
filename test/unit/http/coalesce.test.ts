import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { shared } from '../../../src/health/routes.ts';

it('asks once for all who ask while it takes, or while the answer stands', async () => {
  const { promise, resolve } = Promise.withResolvers<number>();
  let asked = 0;
  const ask = shared(() => {
    asked += 1;
    return asked === 1 ? promise : Promise.resolve(asked);
  }, 50);
  const first = [ask(), ask()];
  await delay(80);
  first.push(ask());
  resolve(1);
  expect(await Promise.all(first)).toEqual([1, 1, 1]);
  expect(await ask()).toBe(1);
  await delay(80);
  expect(await ask()).toBe(2);
  expect(asked).toBe(2);
});

it('asks anew after a failure', async () => {
  let asked = 0;
  const ask = shared(async () => {
    asked += 1;
    if (asked === 1) throw new Error('away');
    return asked;
  }, 1);
  await expect(ask()).rejects.toThrow('away');
  await delay(30);
  expect(await ask()).toBe(2);
});
