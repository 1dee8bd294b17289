import { once } from 'node:events';
import { connect } from 'node:net';
import fastify from 'fastify';
import { expect, it, vi } from 'vitest';
import { onResponseSent, onWorkEnd, trackTiming } from '../../../src/http/lifecycle/timing.ts';
import { logListenerErrors } from '../../../src/telemetry/listener-errors.ts';

/** A server that counts its requests in flight, with a handler that waits for a signal. */
async function startCounting() {
  const app = fastify();
  const handler = Promise.withResolvers<void>();
  let inFlight = 0;
  trackTiming(app);
  app.addHook('onRequest', (request, _reply, done) => {
    inFlight += 1;
    onWorkEnd(request, () => {
      inFlight -= 1;
    });
    done();
  });
  app.get('/waits', async () => {
    await handler.promise;
    return 'done';
  });
  app.post('/reads', async () => 'read');
  app.get('/fails', async () => {
    throw new Error('failed');
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  const address = app.server.address();
  return {
    app,
    finish: handler.resolve,
    inFlight: () => inFlight,
    /** Sends the beginning of a request on a new connection. */
    async begin(text: string) {
      const socket = connect(typeof address === 'object' ? (address?.port ?? 0) : 0, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(text);
      await vi.waitFor(() => expect(inFlight).toBe(1));
      return socket;
    },
    [Symbol.asyncDispose]: () => app.close(),
  };
}

it.each(['/fails', '/nowhere'])('ends with the response, including errors: %s', async (url) => {
  await using server = await startCounting();
  expect((await server.app.inject({ url })).statusCode).toBeGreaterThan(400);
  expect(server.inFlight()).toBe(0);
});

it('ends when the client disconnects before its request is received', async () => {
  await using server = await startCounting();
  const head = 'POST /reads HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n{';
  (await server.begin(head)).destroy();
  await vi.waitFor(() => expect(server.inFlight()).toBe(0));
});

it('continues until the handler ends when the client disconnects later', async () => {
  await using server = await startCounting();
  const closed = new Promise<void>((resolve) =>
    server.app.server.once('connection', (socket) => socket.on('close', () => resolve())),
  );
  (await server.begin('GET /waits HTTP/1.1\r\nhost: a\r\n\r\n')).destroy();
  await closed;
  expect(server.inFlight()).toBe(1);
  server.finish();
  await vi.waitFor(() => expect(server.inFlight()).toBe(0));
});

it('calls back all others when a callback fails, and answers', async () => {
  const logged: unknown[] = [];
  logListenerErrors((error) => logged.push(error));
  const error = new Error('This callback fails.');
  const app = fastify();
  const calls: string[] = [];
  trackTiming(app);
  app.addHook('onRequest', (request, _reply, done) => {
    for (const [name, onEvent] of Object.entries({ onWorkEnd, onResponseSent })) {
      onEvent(request, () => {
        throw error;
      });
      onEvent(request, () => calls.push(name));
    }
    done();
  });
  app.get('/', async () => 'done');
  const response = await fetch(await app.listen({ host: '127.0.0.1', port: 0 }));
  expect([response.status, await response.text()]).toEqual([200, 'done']);
  await vi.waitFor(() => expect(calls).toEqual(['onWorkEnd', 'onResponseSent']));
  expect(logged).toEqual([error]);
  await app.close();
});
