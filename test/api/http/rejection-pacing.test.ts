import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { restOf } from '../../kit/rest.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const addEvent = (place: number) => `a${place}: addEvent(input: { uid: "ada", name: "Paid" }) { __typename }`;
const addEvents = `mutation { ${Array.from({ length: 20 }, (_, place) => addEvent(place)).join(' ')} }`;
const currentSecond = () => Math.floor(performance.now() / 1000);
const events = Array.from({ length: 10 }, () => ({ uid: 'ada', event: 'Paid' }));

it.each<[string, Parameters<typeof startApp>[0], (app: App, place: number) => Promise<{ status: number }>]>([
  [
    'for the points of requests',
    { rateLimits: { secret: 2, publicKey: 0 } },
    (app) => app.send('{ viewer { keyId } }'),
  ],
  ['for the points of mutations', { rateLimits: { secret: 1_000, publicKey: 0 } }, (app) => app.send(addEvents)],
  [
    'for the points of bulk operations',
    { rateLimits: { secret: 5, publicKey: 0 } },
    (app) => restOf(app).post('/v1/events/bulk', { events }),
  ],
  [
    'for the time of documents',
    // So little that the first document uses up the time of more than a minute, on machines of any speed.
    { limits: { documentMs: 0.005 } },
    (app, place) => app.send(`{ viewer { ${'keyId '.repeat(300)} a${place}: keyId } }`),
  ],
])('delays rejections %s of a key that ignores them, but of no other key', async (_name, options, request) => {
  await using app = await startApp(options);
  await addUser(app, { uid: 'ada' });
  const send = async (place: number) => {
    const startedAt = performance.now();
    const { status } = await request(app, place);
    return { status, isDelayed: performance.now() - startedAt > 900 };
  };
  // Until the limit is reached, which is the first of 150 rejections.
  let place = 0;
  while ((await send(place)).status !== 429) place += 1;
  const firstSecond = currentSecond();
  let lastSecond = firstSecond;
  const flood = await Promise.all(
    Array.from({ length: 149 }, async (_, each) => {
      const answer = await send(place + 1 + each);
      if (!answer.isDelayed) lastSecond = currentSecond();
      return answer;
    }),
  );
  expect(new Set(flood.map(({ status }) => status))).toEqual(new Set([429]));
  // Each second, the first 50 rejections are immediate and the others are delayed.
  const delayed = flood.filter(({ isDelayed }) => isDelayed).length;
  expect(delayed).toBeGreaterThanOrEqual(149 - 50 * (lastSecond - firstSecond + 1));
  expect(delayed).toBeLessThanOrEqual(100);
  const startedAt = performance.now();
  expect((await app.send('{ viewer { keyId } }', {}, app.stranger.owner)).status).toBe(200);
  expect(performance.now() - startedAt).toBeLessThan(900);
});
