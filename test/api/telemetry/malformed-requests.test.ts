import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { startCollecting } from '../../kit/collected-metrics.ts';
import { startListening } from '../../kit/listening.ts';
import { Scrape } from '../../kit/prometheus.ts';

it('counts requests that reach no hook by status, and no others', async () => {
  using metrics = startCollecting();
  await using app = await startListening({
    limits: { headersMs: 300, arrivalMs: 600 },
    observation: { metrics: metrics.requests, slowMs: 0 },
  });
  const count = async (labels = {}) =>
    new Scrape(await metrics.text()).sum('usergraph_malformed_requests_total', labels);
  const send = async (bytes: string) => {
    const socket = connect(app.port, '127.0.0.1');
    socket.write(bytes);
    return Number((await text(socket)).split(' ')[1]);
  };
  const closing = 'HTTP/1.1\r\nHost: a\r\nConnection: close';
  const requests: [status: number, bytes: string][] = [
    [400, 'garbage\r\n\r\n'],
    [400, `GET /v1/users/%zz ${closing}\r\n\r\n`],
    [405, 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n'],
    [408, 'GET / HTTP/1.1\r\nHost: a\r\n'],
    [417, `GET / ${closing}\r\nExpect: tea\r\n\r\n`],
    [431, `GET / ${closing}\r\nX-Long: ${'a'.repeat(20_000)}\r\n\r\n`],
  ];
  for (const [status, bytes] of requests) {
    const labels = { http_response_status_code: String(status) };
    const before = await count(labels);
    expect(await send(bytes)).toBe(status);
    expect(await count(labels), bytes.slice(0, 40)).toBe(before + 1);
  }
  // Their hooks run.
  expect(await send(`GET /nowhere ${closing}\r\n\r\n`)).toBe(404);
  expect(await send('GET / HTTP/1.1\r\nConnection: close\r\n\r\n')).toBe(400);
  expect(await count()).toBe(requests.length);
});
