import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify from 'fastify';
import { expect, it, vi } from 'vitest';
import { setDeadline } from '../../../src/http/lifecycle/deadline.ts';
import { trackTiming } from '../../../src/http/lifecycle/timing.ts';
import { createLoadShedding } from '../../../src/http/limits/load-shedding.ts';
import { addLoadShedding } from '../../../src/http/limits/load-shedding-hooks.ts';

const CONCURRENCY = 2;
const DEADLINE_MS = 400;
const ADMISSION_MS = 50;

/** A server that admits two concurrent requests, with a delay, and answers `/held` on demand. */
async function startServer() {
  const app = fastify();
  trackTiming(app);
  setDeadline(app, DEADLINE_MS);
  addLoadShedding(app, createLoadShedding(CONCURRENCY));
  app.addHook('onRequest', async ({ url }) => {
    if (url !== '/held') await delay(ADMISSION_MS);
  });
  let held = Promise.withResolvers<string>();
  app.get('/held', () => held.promise);
  app.post('/sent', async () => 'sent');
  const port = Number(new URL(await app.listen({ host: '127.0.0.1', port: 0 })).port);
  return {
    send: (text: string): Socket => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      socket.write(text);
      return socket;
    },
    /** Number of concurrent requests that are admitted. */
    async countAdmitted(): Promise<number> {
      const statuses: number[] = [];
      const requests = Array.from({ length: 6 }, async () => {
        statuses.push((await fetch(`http://127.0.0.1:${port}/held`)).status);
      });
      await vi.waitFor(() => expect(statuses.length).toBeGreaterThanOrEqual(6 - CONCURRENCY));
      held.resolve('held');
      held = Promise.withResolvers();
      await Promise.all(requests);
      return statuses.filter((status) => status === 200).length;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

const timers = () => process.getActiveResourcesInfo().filter((type) => type === 'Timeout').length;

/** The head of a request whose body does not arrive. */
const head = 'POST /sent HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n';

it.each([
  ['during admission', 'GET /none HTTP/1.1\r\nhost: a\r\n\r\n', ADMISSION_MS / 2],
  ['during admission, with a body,', `${head}{`, ADMISSION_MS / 2],
  ['while its body arrives', `${head}{`, 2 * ADMISSION_MS],
  ['long after the deadline, while its body arrives', `${head}{`, 3 * DEADLINE_MS],
])('releases the timer and the slot of a client that disconnects %s', async (_when, text, ms) => {
  await using server = await startServer();
  expect(await server.countAdmitted()).toBe(CONCURRENCY);
  await delay(DEADLINE_MS);
  const before = timers();
  for (let client = 0; client < 3; client += 1) {
    const socket = server.send(text);
    await delay(ms);
    socket.destroy();
    await delay(2 * ADMISSION_MS);
  }
  await vi.waitFor(() => expect(timers()).toBeLessThanOrEqual(before), 10 * DEADLINE_MS);
  expect(await server.countAdmitted()).toBe(CONCURRENCY);
});
