import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';

let app: Awaited<ReturnType<typeof startApp>>;
beforeAll(async () => {
  app = await startApp({ limits: { bodyBytes: 100 } });
});
afterAll(() => app[Symbol.asyncDispose]());

/** Sends a JSON body of the given size. */
const send = (method: 'POST' | 'PUT', url: string, bytes: number) =>
  app.app.inject({
    method,
    url,
    headers: { authorization: app.owner, 'content-type': 'application/json' },
    payload: '{"query":"{__typename}"}'.padEnd(bytes),
  });

const message = 'The body must have at most 100 bytes; got 101.';

it('accepts a body of the configured size, and rejects a larger one, in both APIs', async () => {
  expect((await send('POST', '/graphql', 100)).statusCode).toBe(200);
  expect((await send('PUT', '/v1/users/u1', 100)).statusCode).toBe(200);
  const [graphql, rest] = [await send('POST', '/graphql', 101), await send('PUT', '/v1/users/u1', 101)];
  expect([graphql.statusCode, graphql.json()]).toEqual([
    413,
    { errors: [{ message, extensions: { code: 'LIMIT_EXCEEDED' } }] },
  ]);
  expect([rest.statusCode, rest.json()]).toEqual([413, { error: message, code: 'LIMIT_EXCEEDED' }]);
});
