import { afterAll, beforeAll, expect, it } from 'vitest';
import { startListening } from '../../kit/listening.ts';

let app: Awaited<ReturnType<typeof startListening>>;

beforeAll(async () => {
  app = await startListening({ limits: { arrivalMs: 500, headersMs: 300 } });
});
afterAll(() => app[Symbol.asyncDispose]());

const url = (path: string) => `http://127.0.0.1:${app.port}${path}`;

async function call(path: string, init: RequestInit = {}) {
  const response = await fetch(url(path), { ...init, headers: { authorization: app.owner, ...init.headers } });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: text.startsWith('{') ? JSON.parse(text) : null,
  };
}

const ndjson = { 'content-type': 'application/x-ndjson' };

it('stores an upload and answers with the job', async () => {
  const { status, headers, body } = await call('/v1/imports/users', {
    method: 'POST',
    headers: ndjson,
    body: '{"uid":"u1"}\n',
  });
  expect([status, body]).toMatchObject([202, { type: 'users', state: 'waiting', rejected_url: null }]);
  expect(headers.get('location')).toBe(`/v1/imports/${body.id}`);
  expect((await call(`/v1/imports/${body.id}`)).body).toMatchObject({ id: body.id, state: 'waiting' });
});
