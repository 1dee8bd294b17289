import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let port = 0;

beforeAll(async () => {
  app = await startApp({ limits: { headersMs: 300, arrivalMs: 600, requestMs: 200, keepAliveMs: 400 } });
  port = Number(new URL(await app.app.listen({ host: '127.0.0.1', port: 0 })).port);
});
afterAll(() => app[Symbol.asyncDispose]());

const body = JSON.stringify({ query: '{ viewer { workspace } }' });

const head = (length: number) =>
  `${['POST /graphql HTTP/1.1', 'Host: a', `Authorization: ${app.owner}`, 'Content-Type: application/json', `Content-Length: ${length}`].join('\r\n')}\r\n\r\n`;

function open(sent: string): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.write(sent);
  return socket;
}

async function answerOf(socket: Socket) {
  const [answered = '', json = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(answered.split(' ')[1]), head: answered.toLowerCase(), body: JSON.parse(json) };
}

const late = {
  status: 408,
  body: {
    error: 'The request did not arrive within the limits of 300 ms for its headers and 600 ms in all.',
    code: 'LIMIT_EXCEEDED',
  },
};

it('refuses headers that do not arrive in time', async () => {
  expect(await answerOf(open('POST /graphql HTTP/1.1\r\nHost: a\r\n'))).toMatchObject(late);
});

it('refuses a body that does not arrive in time', async () => {
  expect(await answerOf(open(head(body.length) + body.slice(1)))).toMatchObject(late);
});

it('does not count the arrival of a body towards the time for the answer', async () => {
  const socket = open(head(body.length));
  const sent = setTimeout(() => socket.end(body), 400);
  const { status, body: answer } = await answerOf(socket);
  clearTimeout(sent);
  expect([status, answer]).toEqual([200, { data: { viewer: { workspace: 'Owner' } } }]);
});

it('closes a connection on which nothing more comes', async () => {
  const { status, head: answered } = await answerOf(open(head(body.length) + body));
  expect(status).toBe(200);
  expect(answered).toContain('connection: keep-alive');
});
