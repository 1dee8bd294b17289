import { afterAll, beforeAll, expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { inject } from '../../kit/rest.ts';

let app: Awaited<ReturnType<typeof startApp>>;

beforeAll(async () => {
  app = await startApp();
});
afterAll(() => app[Symbol.asyncDispose]());

/** The calls of the platform's clients and public API lists that usergraph does not serve. */
const calls = [
  'POST /users/merge',
  'POST /users/u1/accounts',
  'PUT /users/u1/accounts/a1',
  'DELETE /users/u1/accounts/a1',
  'POST /users/u1/convert',
  'GET /users/u1/members',
  'POST /users/u1/lists',
  'DELETE /users/u1/lists',
  'POST /users/u1/archive',
  'DELETE /users/u1/attributes/plan',
  'GET /data/attributes',
  'GET /lists',
  'POST /lists',
  'GET /lists/l1',
  'PUT /lists/l1',
  'DELETE /lists/l1',
  'POST /lists/l1/subscribers',
  'PUT /lists/l1/subscribers/u1',
  'DELETE /lists/l1/subscribers/u1',
  'POST /batch',
  'POST /send/email',
  'POST /send/sms',
  'GET /account',
  'GET /messages/push/m1',
  'GET /campaigns/banners/b1',
] as const;

it.each(calls.flatMap((call) => [call, call.replace(' ', ' /v1')]))(
  '%s says so and links to the documentation',
  async (call) => {
    const [method, url] = call.split(' ');
    for (const payload of ['{"type":"account"}', 'not JSON', undefined]) {
      const headers = { 'content-type': 'application/json', ...(payload ? { authorization: app.owner } : {}) };
      const response = await app.app.inject({ method: method as 'GET', url, headers, payload });
      expect(response.statusCode).toBe(404);
      expect(response.headers.link).toBe('</v1/docs>; rel="help"');
      expect(response.json()).toEqual({
        error: expect.stringMatching(
          /^usergraph does not serve [A-Z]+ \/.+\. The operations that it serves are documented at \/v1\/docs\.$/,
        ),
        code: 'NOT_FOUND',
        documentation: '/v1/docs',
      });
    }
  },
);

it('leaves the paths of operations and unknown paths as they are', async () => {
  expect(await inject(app, { url: '/v1/users/merge', headers: { authorization: app.owner } })).toEqual({
    status: 404,
    body: { error: 'User not found.', code: 'NOT_FOUND' },
  });
  expect(await inject(app, { url: '/v1/nothing' })).toMatchObject({
    status: 404,
    body: { error: 'Not found. GraphQL is at /graphql; the REST API is documented at /v1/docs.' },
  });
});
