import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  app = await startListening({ corsOrigins: ['https://app.example'] });
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends a head by hand, and reads the status and the JSON of the answer. */
async function sendHead(...lines: string[]) {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const answer = await text(socket);
  const [head = '', body = ''] = answer.split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
}

const refusal = { error: expect.any(String), code: 'BAD_USER_INPUT' };

it('answers a request without Host with JSON', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.1')).toEqual({ status: 400, body: refusal });
});

it.each([
  ['GET', '/v1/users'],
  ['GET', '/graphql?query={__typename}'],
  ['GET', '/health/live'],
  ['GET', '/v1/openapi.json'],
  ['GET', '/nowhere'],
  ['OPTIONS', '/graphql'],
])('rejects %s %s with two Host headers', async (method, path) => {
  for (const second of ['Host: b', 'HOST: a', 'hOsT:']) {
    const { status, body } = await sendHead(`${method} ${path} HTTP/1.1`, 'Host: a', 'Accept: */*', second);
    const [message, code] = ['There is more than one Host header.', 'BAD_USER_INPUT'];
    expect(status).toBe(400);
    expect([{ error: message, code }, { errors: [{ message, extensions: { code } }] }]).toContainEqual(body);
  }
});

it('rejects two Host headers of HTTP/1.0, and of a browser that asks for leave', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.0', 'Host: a', 'Host: b')).toMatchObject({ status: 400 });
  const lines = ['Origin: https://app.example', 'Access-Control-Request-Method: POST'];
  expect(await sendHead('OPTIONS /graphql HTTP/1.1', 'Host: a', 'Host: b', ...lines)).toMatchObject({ status: 400 });
});

it('lets HTTP/1.0 do without Host', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.0')).toMatchObject({ status: 401 });
});

it('answers an expectation that it does not meet with JSON', async () => {
  expect(await sendHead('PUT /v1/users/u1 HTTP/1.1', 'Host: a', 'Expect: 200-ok', 'Content-Length: 0')).toEqual({
    status: 417,
    body: refusal,
  });
});

it('refuses a body that is compressed by its transfer', async () => {
  const lines = ['PUT /v1/users/u1 HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'];
  expect(await sendHead(...lines)).toEqual({ status: 415, body: refusal });
});

it('puts no second answer into one that is under way', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write('GET /v1/docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.once('data', () => socket.write('GARBAGE\r\n\r\n'));
  expect(await text(socket)).not.toContain('HTTP/1.1 400');
});

it('answers CONNECT with JSON', async () => {
  expect(await sendHead('CONNECT /v1/users HTTP/1.1', 'Host: a')).toEqual({ status: 405, body: refusal });
});

it('answers 413 over a connection', async () => {
  const url = `http://127.0.0.1:${app.port}/v1/users/u1`;
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'PUT', headers, body: ' '.repeat(1024 * 1024 + 1) });
  expect([response.status, await response.json()]).toEqual([413, { ...refusal, code: 'LIMIT_EXCEEDED' }]);
});

it.each(['identity', 'Identity', 'identity, identity', ''])(
  'takes a body that is encoded as "%s"',
  async (encoding) => {
    const headers = { authorization: app.owner, 'content-type': 'application/json', 'content-encoding': encoding };
    const answer = await app.app.inject({ method: 'PUT', url: '/v1/users/u1', headers, payload: '{}' });
    expect(answer.statusCode).toBe(200);
  },
);

it('does not care how a body is encoded that is not there', async () => {
  const headers = { authorization: app.owner, 'content-encoding': 'utf-8' };
  expect((await app.app.inject({ url: '/v1/users', headers })).statusCode).toBe(200);
});

it.each(['/v1/users/u1', '/users/u1'])('refuses a compressed body with 415: PUT %s', async (url) => {
  const headers = { authorization: app.owner, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const answer = await app.app.inject({ method: 'PUT', url, headers, payload: Buffer.from('x') });
  expect({ status: answer.statusCode, body: answer.json() }).toEqual({ status: 415, body: refusal });
});
