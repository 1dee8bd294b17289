import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fastify, { type FastifyBaseLogger, LogController } from 'fastify';
import { pino } from 'pino';
import { afterEach, expect, it, vi } from 'vitest';
import { observeRequests } from '../../../src/http/lifecycle/request-scope.ts';
import { trackTiming } from '../../../src/http/lifecycle/timing.ts';

afterEach(() => void vi.useRealTimers());

/** A server that logs all requests to `/` as slow, and answers `/held` on demand. */
async function startServer() {
  const lines: Record<string, unknown>[] = [];
  const loggerInstance: FastifyBaseLogger = pino({}, { write: (line: string) => lines.push(JSON.parse(line)) });
  const app = fastify({ loggerInstance, logController: new LogController({ disableRequestLogging: true }) });
  trackTiming(app);
  observeRequests(app, { slowMs: 1 });
  const held = Promise.withResolvers<string>();
  let isReached = false;
  app.get('/', async () => {
    // Work, also while timers are not real.
    const end = process.hrtime.bigint() + 2_000_000n;
    while (process.hrtime.bigint() < end);
    return 'done';
  });
  app.get('/held', async () => {
    isReached = true;
    return await held.promise;
  });
  return {
    app,
    release: () => held.resolve('done'),
    isReached: () => isReached,
    logged: () => lines.filter(({ msg }) => /^slow operation/.test(String(msg))),
    [Symbol.asyncDispose]: () => app.close(),
  };
}

it('logs at most ten slow operations per second, and then the number of the others', async () => {
  await using server = await startServer();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const send = async (count: number) => {
    for (let number = 0; number < count; number += 1) await server.app.inject('/');
  };
  await send(25);
  const slow = expect.objectContaining({ msg: 'slow operation', status: 200 });
  expect(server.logged()).toEqual(Array(10).fill(slow));
  vi.advanceTimersByTime(1_000);
  const suppressed = expect.objectContaining({
    msg: 'slow operations were not logged: more than 10 per second',
    count: 15,
  });
  expect(server.logged()).toEqual([...Array(10).fill(slow), suppressed]);
  await send(3);
  vi.advanceTimersByTime(1_000);
  expect(server.logged()).toEqual([...Array(10).fill(slow), suppressed, ...Array(3).fill(slow)]);
});

it('logs the status 499 if the client has disconnected', async () => {
  await using server = await startServer();
  const port = Number(new URL(await server.app.listen({ host: '127.0.0.1', port: 0 })).port);
  const closed = new Promise((resolve) =>
    server.app.server.once('connection', (socket) => socket.once('close', resolve)),
  );
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /held HTTP/1.1\r\nhost: a\r\n\r\n');
  await vi.waitFor(() => expect(server.isReached()).toBe(true));
  await delay(5);
  socket.destroy();
  await closed;
  server.release();
  await vi.waitFor(() => expect(server.logged()).toMatchObject([{ route: '/held', status: 499 }]));
});
