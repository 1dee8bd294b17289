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

function open(sent: string): Socket {
  const socket = connect(app.port, '127.0.0.1');
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

it('counts the time for the answer after a body that took longer', async () => {
  const stuck = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });
  await holding(app, 'users', async () => {
    const socket = open(head(stuck.length));
    const sent = setTimeout(() => socket.write(stuck), 400);
    const { status, body: answer } = await answerOf(socket);
    clearTimeout(sent);
    const message = 'The request was not answered within the limit of 200 ms; try again later.';
    expect([status, answer]).toMatchObject([503, { errors: [{ message }] }]);
  });
});

it('closes a connection on which nothing more comes', async () => {
  const { status, head: answered } = await answerOf(open(head(body.length) + body));
  expect(status).toBe(200);
  expect(answered).toContain('connection: keep-alive');
});
