import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify from 'fastify';
import { expect, it, vi } from 'vitest';
import { shedLoad } from '../../../src/http/admission.ts';
import { setDeadline } from '../../../src/http/lifecycle/deadline.ts';
import { createLoadShedding } from '../../../src/http/limits/load-shedding.ts';
import { trackTiming } from '../../../src/http/lifecycle/timing.ts';

const LIMIT_MS = 100;
const ADMISSION_MS = 50;
/** On a busy machine, requests can exceed the limit without any leak: a later try succeeds then. */
const SLOW = { timeout: 10_000, interval: 50 };

/** A server that takes in two requests at once, takes a while to let each in, and answers those to `/held` when it is told. */
async function startServer() {
  const app = fastify();
  trackTiming(app);
  setDeadline(app, LIMIT_MS);
  shedLoad(app, createLoadShedding(2));
  app.addHook('onRequest', async ({ url }) => {
    if (url !== '/held') await delay(ADMISSION_MS);
  });
  let answer = Promise.withResolvers<string>();
  app.get('/held', () => answer.promise);
  app.post('/sent', async () => 'sent');
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  return {
    begin: (text: string): Socket => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(text);
      return socket;
    },
    /** How many of several requests are let in together. */
    async letIn(): Promise<number> {
      const asked = Array.from({ length: 6 }, () => fetch(`http://127.0.0.1:${port}/held`));
      await delay(LIMIT_MS / 2);
      answer.resolve('held');
      answer = Promise.withResolvers();
      return (await Promise.all(asked)).filter(({ status }) => status === 200).length;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

/** A request whose body does not come, and whether its client leaves while it is let in, or after that. */
const head = 'POST /sent HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';

it.each([
  ['while it is let in', 'GET /none HTTP/1.1\r\nhost: a\r\n\r\n', ADMISSION_MS / 2],
  ['while its body is to be read', `${head}{`, ADMISSION_MS / 2],
  ['while its body arrives', `${head}{`, 2 * ADMISSION_MS],
  ['long after its time, while its body arrives', `${head}{`, 3 * LIMIT_MS],
])('keeps neither a timer nor a place of a client who leaves %s', { timeout: 30_000 }, async (_when, text, ms) => {
  await using server = await startServer();
  await vi.waitFor(async () => expect(await server.letIn()).toBe(2), SLOW);
  await delay(LIMIT_MS);
  const before = timers();
  for (let client = 0; client < 4; client += 1) {
    const socket = server.begin(text);
    await delay(ms);
    socket.destroy();
    await delay(2 * ADMISSION_MS);
  }
  await delay(3 * LIMIT_MS);
  await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before), SLOW);
  await vi.waitFor(async () => expect(await server.letIn()).toBe(2), SLOW);
});
