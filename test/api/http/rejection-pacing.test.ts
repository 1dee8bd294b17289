import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

it('delays the rejections of a key that ignores them, and of no other', async () => {
  await using app = await startApp({ rateLimits: { secret: 2, publicKey: 0 } });
  const ask = async (caller = app.owner) => {
    const began = performance.now();
    const { status } = await app.send('{ viewer { keyId } }', {}, caller);
    return { status, isDelayed: performance.now() - began > 900 };
  };
  await Promise.all([ask(), ask()]);
  // Within one second, whenever that begins, some are answered at once, and others are not.
  const flood = await Promise.all(Array.from({ length: 150 }, () => ask()));
  expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([429]));
  const delayed = flood.filter(({ isDelayed }) => isDelayed).length;
  expect(delayed).toBeGreaterThanOrEqual(50);
  expect(delayed).toBeLessThanOrEqual(100);
  expect(await ask(app.stranger.owner)).toEqual({ status: 200, isDelayed: false });
});
