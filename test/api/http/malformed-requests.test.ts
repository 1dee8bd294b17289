import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  app = await startListening({ corsOrigins: ['https://app.example'] });
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends a request head as raw text, and reads the status and the JSON of the response. */
async function sendHead(...lines: string[]) {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${[...lines, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const [head = '', body = ''] = (await text(socket)).split('\r\n\r\n');
  return { status: Number(head.split(' ')[1]), body: JSON.parse(body) };
}

const rejection = { error: expect.any(String), code: 'BAD_USER_INPUT' };

it('rejects a request without a Host header with JSON', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.1')).toEqual({ status: 400, body: rejection });
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
    const [message, code] = ['The request must have only one Host header.', 'BAD_USER_INPUT'];
    expect(status).toBe(400);
    expect([{ error: message, code }, { errors: [{ message, extensions: { code } }] }]).toContainEqual(body);
  }
});

it('rejects two Host headers in HTTP/1.0 and in a preflight', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.0', 'Host: a', 'Host: b')).toMatchObject({ status: 400 });
  const lines = ['Origin: https://app.example', 'Access-Control-Request-Method: POST'];
  expect(await sendHead('OPTIONS /graphql HTTP/1.1', 'Host: a', 'Host: b', ...lines)).toMatchObject({ status: 400 });
});

it.each(['a b', 'a/b', 'a:b', 'user@a', '[::1', 'a\u00e9'])('rejects the Host header "%s"', async (host) => {
  expect(await sendHead('GET /health/live HTTP/1.1', `Host: ${host}`)).toEqual({
    status: 400,
    body: {
      error: expect.stringMatching(/^The Host header must be a host and an optional port; got ".+"\.$/),
      code: 'BAD_USER_INPUT',
    },
  });
});

it.each(['a', 'a.example:80', 'a:', '127.0.0.1:4000', '[::1]:4000', 'a_b', ''])(
  'accepts the Host header "%s"',
  async (host) => {
    expect(await sendHead('GET /health/live HTTP/1.1', `Host: ${host}`)).toMatchObject({ status: 200 });
  },
);

it('accepts HTTP/1.0 without a Host header', async () => {
  expect(await sendHead('GET /v1/users HTTP/1.0')).toMatchObject({ status: 401 });
});

it('rejects an unsupported Expect header with JSON', async () => {
  expect(await sendHead('PUT /v1/users/u1 HTTP/1.1', 'Host: a', 'Expect: 200-ok', 'Content-Length: 0')).toEqual({
    status: 417,
    body: rejection,
  });
});

it('rejects a compressed transfer coding', async () => {
  const lines = ['PUT /v1/users/u1 HTTP/1.1', 'Host: a', 'Transfer-Encoding: gzip, chunked'];
  expect(await sendHead(...lines)).toEqual({ status: 415, body: rejection });
});

it('sends no error into a response that is being sent', async () => {
  const socket = connect(app.port, '127.0.0.1');
  socket.write('GET /v1/docs/static/swagger-ui-bundle.js HTTP/1.1\r\nHost: a\r\n\r\n');
  socket.once('data', () => socket.write('GARBAGE\r\n\r\n'));
  expect(await text(socket)).not.toContain('HTTP/1.1 400');
});

it('rejects CONNECT with JSON', async () => {
  expect(await sendHead('CONNECT /v1/users HTTP/1.1', 'Host: a')).toEqual({ status: 405, body: rejection });
});

it('answers 413 on a connection', async () => {
  const url = `http://127.0.0.1:${app.port}/v1/users/u1`;
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  const response = await fetch(url, { method: 'PUT', headers, body: ' '.repeat(1024 * 1024 + 1) });
  expect([response.status, await response.json()]).toEqual([413, { ...rejection, code: 'LIMIT_EXCEEDED' }]);
});

it.each(['identity', 'Identity', 'identity, identity', ''])('accepts the content coding "%s"', async (encoding) => {
  const headers = { authorization: app.owner, 'content-type': 'application/json', 'content-encoding': encoding };
  const response = await app.app.inject({ method: 'PUT', url: '/v1/users/u1', headers, payload: '{}' });
  expect(response.statusCode).toBe(200);
});

it('ignores the content coding of a request without a body', async () => {
  const headers = { authorization: app.owner, 'content-encoding': 'utf-8' };
  expect((await app.app.inject({ url: '/v1/users', headers })).statusCode).toBe(200);
});

it.each(['/v1/users/u1', '/users/u1'])('rejects a compressed body with 415: PUT %s', async (url) => {
  const headers = { authorization: app.owner, 'content-type': 'application/json', 'content-encoding': 'gzip' };
  const response = await app.app.inject({ method: 'PUT', url, headers, payload: Buffer.from('x') });
  expect({ status: response.statusCode, body: response.json() }).toEqual({ status: 415, body: rejection });
});
