import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;
beforeAll(async () => {
  app = await startListening();
});
afterAll(() => app[Symbol.asyncDispose]());

const common = {
  'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const defaults = { ...common, 'cache-control': 'no-store' };

/** Sends raw lines, and reads the headers of the response. */
async function send(...lines: string[]): Promise<Record<string, string>> {
  const socket = connect(app.port, '127.0.0.1');
  socket.write(`${[...lines, 'Host: a', `Authorization: ${app.owner}`, 'Connection: close'].join('\r\n')}\r\n\r\n`);
  const [head = ''] = (await text(socket)).split('\r\n\r\n');
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map((line) => [line.split(': ')[0]?.toLowerCase(), line.split(': ')[1]]),
  );
}

describe('every response has security headers', () => {
  it.each([
    ['data of GraphQL', 'GET /graphql?query={viewer{workspace}} HTTP/1.1'],
    ['an error of GraphQL', 'GET /graphql?query={nothing} HTTP/1.1'],
    ['data of REST', 'GET /v1/users HTTP/1.1'],
    ['an error of REST', 'GET /v1/users?limit=x HTTP/1.1'],
    ['health', 'GET /health/live HTTP/1.1'],
    ['an unknown path', 'GET /nowhere HTTP/1.1'],
    ['a path that cannot be decoded', 'GET /%zz HTTP/1.1'],
    ['bytes that are not HTTP', 'nonsense'],
    ['a CONNECT request', 'CONNECT a:1 HTTP/1.1'],
  ])('%s', async (_name, line) => {
    expect(await send(line)).toMatchObject(defaults);
  });

  it('an unsupported Expect header', async () => {
    expect(await send('GET /v1/users HTTP/1.1', 'Expect: x')).toMatchObject(defaults);
  });

  it('the page of the REST API, with a policy of its own', async () => {
    const headers = await send('GET /v1/docs HTTP/1.1');
    expect(headers).toMatchObject(common);
    expect(headers['content-security-policy']).toMatch(/^default-src 'self';/);
  });
});
