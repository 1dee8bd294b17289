import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { startListening } from '../../kit/listening.ts';
import { open, statusesIn } from '../../kit/raw-http.ts';

const message = 'Server overloaded; retry later.';
const code = 'SERVICE_UNAVAILABLE';

/** Holds all connections of the pool, so that requests stay in flight until they are released. */
async function holdDatabase({ db }: Awaited<ReturnType<typeof startApp>>, connections: number) {
  const clients = await Promise.all(Array.from({ length: connections }, () => db.pool.connect()));
  return () => {
    for (const client of clients) client.release();
  };
}

it('answers 503 immediately, in the format of each API, while the process is at its limit', async () => {
  await using app = await startApp({ inFlightLimit: 2, poolSize: 1, corsOrigins: ['https://app.example'] });
  await app.send('{ viewer { keyId } }');
  const release = await holdDatabase(app, 1);
  const inFlight = [app.send('{ users { totalCount } }'), app.send('{ lists { totalCount } }')];
  await vi.waitFor(() => expect(app.db.pool.waitingCount).toBe(1));
  const statements = await app.statementsOf(async () => {
    const shed = await app.send('{ viewer { keyId } }');
    expect(shed).toMatchObject({ status: 503, errors: [{ message, extensions: { code, retryAfter: 1 } }] });
    expect(shed.headers).toMatchObject({ 'retry-after': '1', 'x-request-id': expect.any(String) });
    const headers = { origin: 'https://app.example', authorization: app.owner };
    const response = await app.app.inject({ url: '/v1/users', headers });
    expect([response.statusCode, response.json()]).toEqual([503, { error: message, code, retryAfter: 1 }]);
    expect(response.headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': headers.origin });
    for (const url of ['/health/live', '/health/ready']) {
      expect((await app.app.inject({ url })).json()).toEqual({ status: 'ok' });
    }
  });
  expect(statements).toEqual([]);
  release();
  expect((await Promise.all(inFlight)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await app.send('{ viewer { keyId } }')).status).toBe(200);
});

it('accepts bursts and sustained load', async () => {
  await using app = await startApp({ inFlightLimit: 500, poolSize: 1 });
  await app.send('{ viewer { keyId } }');
  const release = await holdDatabase(app, 1);
  const sendBurst = () => Array.from({ length: 100 }, () => app.send('{ users { totalCount } }'));
  const burst = sendBurst();
  await vi.waitFor(() => expect(app.db.pool.waitingCount).toBeGreaterThan(0));
  release();
  await Promise.all(burst);
  // Other processes on the machine can cause an overload.
  await vi.waitFor(async () => {
    const answers = await Promise.all(sendBurst());
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }, 10_000);
});

it('slow senders do not delay other clients', async () => {
  await using app = await startListening({ inFlightLimit: 2 });
  const head = `POST /graphql HTTP/1.1\r\nhost: x\r\nauthorization: ${app.owner}\r\ncontent-type: application/json\r\n`;
  const body = JSON.stringify({ query: '{ viewer { keyId } }' });
  const slow = Array.from({ length: 8 }, () => open(`http://127.0.0.1:${app.port}`, 10_000));
  for (const { socket } of slow) {
    socket.write(`${head}content-length: ${body.length}\r\nconnection: close\r\n\r\n{`);
    await delay(20);
    expect((await app.send('{ viewer { keyId } }')).status).toBe(200);
  }
  for (const { socket } of slow) socket.write(body.slice(1));
  const answers = await Promise.all(slow.map(({ exchange }) => exchange));
  expect(answers.flatMap(({ text }) => statusesIn(text))).toEqual(slow.map(() => 200));
});
