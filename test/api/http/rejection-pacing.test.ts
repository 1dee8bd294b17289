import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

it('delays the rejections of a key that ignores them, but of no other key', async () => {
  await using app = await startApp({ rateLimits: { secret: 2, publicKey: 0 } });
  const send = async (caller = app.owner) => {
    const startedAt = performance.now();
    const { status } = await app.send('{ viewer { keyId } }', {}, caller);
    return { status, isDelayed: performance.now() - startedAt > 900 };
  };
  await Promise.all([send(), send()]);
  // Each second, the first rejections are immediate and the others are delayed.
  const flood = await Promise.all(Array.from({ length: 150 }, () => send()));
  expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([429]));
  const delayed = flood.filter(({ isDelayed }) => isDelayed).length;
  expect(delayed).toBeGreaterThanOrEqual(50);
  expect(delayed).toBeLessThanOrEqual(100);
  expect(await send(app.stranger.owner)).toEqual({ status: 200, isDelayed: false });
});
