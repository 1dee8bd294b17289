import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { holding } from '../../kit/holding.ts';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  app = await startListening({ limits: { headersMs: 300, arrivalMs: 600, requestMs: 200, keepAliveMs: 400 } });
});
afterAll(() => app[Symbol.asyncDispose]());

const body = JSON.stringify({ query: '{ viewer { workspace } }' });

const head = (length: number) =>
  `${['POST /graphql HTTP/1.1', 'Host: a', `Authorization: ${app.owner}`, 'Content-Type: application/json', `Content-Length: ${length}`].join('\r\n')}\r\n\r\n`;

function open(bytes: string): Socket {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(bytes);
  return socket;
}

async function responseOn(socket: Socket) {
  const [responseHead = '', json = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(responseHead.split(' ')[1]), head: responseHead.toLowerCase(), body: JSON.parse(json) };
}

const timedOut = {
  status: 408,
  body: {
    error: 'The headers must arrive within 300 ms and the whole request within 600 ms.',
    code: 'LIMIT_EXCEEDED',
  },
};

it('rejects headers that do not arrive in time', async () => {
  expect(await responseOn(open('POST /graphql HTTP/1.1\r\nHost: a\r\n'))).toMatchObject(timedOut);
});

it('rejects a body that does not arrive in time', async () => {
  expect(await responseOn(open(head(body.length) + body.slice(1)))).toMatchObject(timedOut);
});

it('does not count the arrival of the body towards the deadline', async () => {
  const socket = open(head(body.length));
  const timer = setTimeout(() => socket.end(body), 400);
  const { status, body: response } = await responseOn(socket);
  clearTimeout(timer);
  expect([status, response]).toEqual([200, { data: { viewer: { workspace: 'Owner' } } }]);
});

it('starts the deadline after a body that arrived later than it', async () => {
  const query = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });
  await holding(app, 'users', async () => {
    const socket = open(head(query.length));
    const timer = setTimeout(() => socket.write(query), 400);
    const { status, body: response } = await responseOn(socket);
    clearTimeout(timer);
    const message = 'The request timed out after 200 ms; retry later.';
    expect([status, response]).toMatchObject([503, { errors: [{ message }] }]);
  });
});

it('closes an idle connection', async () => {
  const { status, head: responseHead } = await responseOn(open(head(body.length) + body));
  expect(status).toBe(200);
  expect(responseHead).toContain('connection: keep-alive');
});
