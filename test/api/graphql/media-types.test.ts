import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
let port: number;
beforeAll(async () => {
  app = await startApp({ ownApp: true });
  const address = await app.app.listen({ port: 0, host: '127.0.0.1' });
  port = Number(new URL(address).port);
});
afterAll(() => app[Symbol.asyncDispose]());

/** Creates a user, over a socket: the parser rejects a response with contradictory headers. */
function createUser(uid: string, accept: string): Promise<{ status: number; headers: object; body: string }> {
  const query = `mutation { createUser(input: { uid: "${uid}" }) { __typename } }`;
  const headers = { authorization: app.owner, 'content-type': 'application/json', accept };
  return new Promise((resolve, reject) => {
    const options = { port, host: '127.0.0.1', path: '/graphql', method: 'POST', headers };
    request(options, async (response) => {
      const body = (await response.toArray()).join('');
      resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
    })
      .on('error', reject)
      .end(JSON.stringify({ query }));
  });
}

const exists = async (uid: string) => (await app.db.user.count({ where: { workspaceId: app.workspaceId, uid } })) === 1;

it('responds in the format that a client accepts', async () => {
  const created = '{"data":{"createUser":{"__typename":"CreateUserPayload"}}}';
  const formats: [string, string, string][] = [
    ['multipart/mixed', 'multipart/mixed; boundary="-"', created],
    ['text/event-stream', 'text/event-stream', `data: ${created}`],
    ['multipart/mixed;deferSpec=20220824, application/json', 'application/json; charset=utf-8', created],
    ['application/*', 'application/json; charset=utf-8', created],
    ['application/json; charset="utf-8"', 'application/json; charset=utf-8', created],
    ['application/json; charset="UTF-8"; q=0.5', 'application/json; charset=utf-8', created],
    [
      'application/json;q=0, application/graphql-response+json',
      'application/graphql-response+json; charset=utf-8',
      created,
    ],
    ['application/json;q=0.0, */*;q=0.1', 'application/graphql-response+json; charset=utf-8', created],
    ['text/event-stream, application/*;q=0', 'text/event-stream', `data: ${created}`],
    ['', 'application/json; charset=utf-8', created],
  ];
  for (const [index, [accept, type, body]] of formats.entries()) {
    const response = await createUser(`format${index}`, accept);
    expect(response).toMatchObject({
      status: 200,
      headers: { 'content-type': type },
      body: expect.stringContaining(body),
    });
    expect(response.headers).not.toHaveProperty('transfer-encoding');
    expect(await exists(`format${index}`)).toBe(true);
  }
});

it('executes nothing if it cannot respond in a format that the client accepts', async () => {
  const unacceptable = [
    ...['text/html', 'image/*', 'application/json; charset=utf-16', 'application/xml, text/plain'],
    ...['application/json;q=0', '*/*;q=0', 'application/json; q=0.000, text/html', 'application/*;q=0'],
  ];
  for (const [index, accept] of unacceptable.entries()) {
    const { status, body } = await createUser(`refused${index}`, accept);
    expect([status, JSON.parse(body)]).toEqual([
      406,
      {
        errors: [
          {
            message: 'Accept application/json or application/graphql-response+json.',
            extensions: { code: 'BAD_USER_INPUT' },
          },
        ],
      },
    ]);
    expect(await exists(`refused${index}`)).toBe(false);
  }
});
