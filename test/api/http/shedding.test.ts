import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { startListening } from '../../kit/listening.ts';
import { open, statusesIn } from '../../kit/raw-http.ts';

const message = 'Server overloaded; retry later.';
const code = 'SERVICE_UNAVAILABLE';

/** Holds all of the database's connections, so that requests stay under way until they are let go. */
async function holdDatabase({ db }: Awaited<ReturnType<typeof startApp>>, connections: number) {
  const held = await Promise.all(Array.from({ length: connections }, () => db.pool.connect()));
  return () => {
    for (const client of held) client.release();
  };
}

it('answers 503 at once, in the shape of each door, while there is as much to do as is good', async () => {
  await using app = await startApp({ inFlightLimit: 2, poolSize: 1, corsOrigins: ['https://app.example'] });
  await app.send('{ viewer { keyId } }');
  const letGo = await holdDatabase(app, 1);
  const inFlight = [app.send('{ users { totalCount } }'), app.send('{ lists { totalCount } }')];
  await vi.waitFor(() => expect(app.db.pool.waitingCount).toBe(1));
  const statements = await app.statementsOf(async () => {
    const shed = await app.send('{ viewer { keyId } }');
    expect(shed).toMatchObject({ status: 503, errors: [{ message, extensions: { code, retryAfter: 1 } }] });
    expect(shed.headers).toMatchObject({ 'retry-after': '1', 'x-request-id': expect.any(String) });
    const headers = { origin: 'https://app.example', authorization: app.owner };
    const answer = await app.app.inject({ url: '/v1/users', headers });
    expect([answer.statusCode, answer.json()]).toEqual([503, { error: message, code, retryAfter: 1 }]);
    expect(answer.headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': headers.origin });
    for (const url of ['/health/live', '/health/ready']) {
      expect((await app.app.inject({ url })).json()).toEqual({ status: 'ok' });
    }
  });
  expect(statements).toEqual([]);
  letGo();
  expect((await Promise.all(inFlight)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await app.send('{ viewer { keyId } }')).status).toBe(200);
});

it('takes in what a benchmark sends, and a burst', async () => {
  await using app = await startApp({ inFlightLimit: 500, poolSize: 1 });
  await app.send('{ viewer { keyId } }');
  const letGo = await holdDatabase(app, 1);
  const sendBurst = () => Array.from({ length: 100 }, () => app.send('{ users { totalCount } }'));
  const burst = sendBurst();
  await vi.waitFor(() => expect(app.db.pool.waitingCount).toBeGreaterThan(0));
  letGo();
  await Promise.all(burst);
  // Where others keep this process from the CPU, it may have more to do than it can.
  await vi.waitFor(async () => {
    const answers = await Promise.all(sendBurst());
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }, 10_000);
});

it('has those who send slowly wait for themselves alone', async () => {
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
