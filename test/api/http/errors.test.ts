import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { defaultLimits } from '../../../src/config/limits.ts';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { post } from '../../kit/http.ts';
import { makeUsersUnavailable } from '../../kit/unavailable.ts';
import { unlimited } from '../../kit/unlimited.ts';

const users = JSON.stringify({ query: '{ users { totalCount } }' });

/** A gateway whose log the test can read. */
async function startLogged() {
  const started = await startApp({ ownDatabase: true });
  const lines: string[] = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  const app = await createApp({
    db: started.db,
    log: pino(stream),
    readiness: async () => undefined,
    corsOrigins: [],
    limits: defaultLimits,
    ...unlimited,
    graphiql: false,
  });
  return { ...started, app, lines };
}

it('hides an unexpected error, logs it in full, and includes the request id in both', async () => {
  await using app = await startLogged();
  await app.db.$executeRaw`ALTER TABLE users RENAME COLUMN workspace_id TO hidden`;
  const response = await post(app, users, { headers: { 'x-request-id': 'abc-1' } });
  expect(response.json()).toEqual({
    data: null,
    errors: [
      {
        message: 'Unexpected error.',
        locations: [{ line: 1, column: 11 }],
        path: ['users', 'totalCount'],
        extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'abc-1' },
      },
    ],
  });
  const logged = app.lines.find((line) => line.includes('unexpected error'));
  expect(logged).toContain('column users.workspace_id does not exist');
  expect(JSON.parse(logged ?? '')).toMatchObject({ requestId: 'abc-1', path: ['users', 'totalCount'] });
});

it('answers SERVICE_UNAVAILABLE while the database is unavailable', async () => {
  await using app = await startLogged();
  await post(app, users);
  await addUser(app, { uid: 'a' });
  await makeUsersUnavailable(app.db);
  const response = await post(app, JSON.stringify({ query: '{ user(uid: "a") { uid } }' }));
  expect(response.json()).toMatchObject({ errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] });
  expect(response.statusCode).toBe(503);
  expect(response.headers['retry-after']).toBe('1');
});

it('uses the request id of the header, or generates one', async () => {
  await using app = await startLogged();
  expect((await post(app, users, { headers: { 'x-request-id': 'r:1.2-3' } })).headers['x-request-id']).toBe('r:1.2-3');
  expect((await post(app, users, { headers: { 'x-request-id': 'a b\t"' } })).headers['x-request-id']).toMatch(
    /^[\da-f-]{36}$/,
  );
});

it('logs one line per request, without credentials, query or e-mail address', async () => {
  await using app = await startLogged();
  await post(app, JSON.stringify({ query: '{ user(uid: "a@b.example") { uid } }' }), { url: '/graphql?x=secret' });
  const line = JSON.parse(app.lines.find((text) => text.includes('"status":200')) ?? '{}');
  expect(line).toMatchObject({ method: 'POST', route: '/graphql', status: 200, requestId: expect.any(String) });
  expect(app.lines.join()).not.toMatch(/authorization|Basic|secret|a@b\.example/i);
});

it('answers an unknown path with JSON', async () => {
  await using app = await startLogged();
  const response = await app.app.inject({ method: 'GET', url: '/nowhere' });
  expect([response.statusCode, response.json().code]).toEqual([404, 'NOT_FOUND']);
});
