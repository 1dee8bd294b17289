import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;
beforeAll(async () => {
  app = await startListening();
});
afterAll(() => app[Symbol.asyncDispose]());

const everywhere = {
  'content-security-policy': expect.stringContaining("frame-ancestors 'none'"),
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
};
const closed = { ...everywhere, 'cache-control': 'no-store' };

/** Sends bytes, and reads the headers of the answer. */
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

describe('every answer tells browsers to be careful', () => {
  it.each([
    ['data of GraphQL', 'GET /graphql?query={viewer{workspace}} HTTP/1.1'],
    ['a refusal of GraphQL', 'GET /graphql?query={nothing} HTTP/1.1'],
    ['data of REST', 'GET /v1/users HTTP/1.1'],
    ['a refusal of REST', 'GET /v1/users?limit=x HTTP/1.1'],
    ['health', 'GET /health/live HTTP/1.1'],
    ['a place where nothing is', 'GET /nowhere HTTP/1.1'],
    ['an address that is none', 'GET /%zz HTTP/1.1'],
    ['what is no HTTP', 'nonsense'],
    ['a proxy’s request', 'CONNECT a:1 HTTP/1.1'],
  ])('%s', async (_name, line) => {
    expect(await send(line)).toMatchObject(closed);
  });

  it('an expectation that is not met', async () => {
    expect(await send('GET /v1/users HTTP/1.1', 'Expect: x')).toMatchObject(closed);
  });

  it('the page of the REST operations, whose own policy lets it work', async () => {
    const headers = await send('GET /v1/docs HTTP/1.1');
    expect(headers).toMatchObject(everywhere);
    expect(headers['content-security-policy']).toMatch(/^default-src 'self';/);
  });
});
