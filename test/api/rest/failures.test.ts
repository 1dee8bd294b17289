import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { addUser } from '../../kit/factories.ts';
import { inject, restOf } from '../../kit/rest.ts';
import { makeUsersUnavailable } from '../../kit/unavailable.ts';

it('500: hides an unexpected error, logs it in full, and includes the request id in both', async () => {
  const lines: string[] = [];
  const stream = new Writable({ write: (chunk, _encoding, done) => done(void lines.push(String(chunk))) });
  await using app = await startApp({ ownDatabase: true, log: pino(stream) });
  await app.db.$executeRaw`ALTER TABLE users RENAME COLUMN workspace_id TO hidden`;
  const headers = { authorization: app.owner, 'x-request-id': 'abc-1' };
  expect(await inject(app, { url: '/v1/users', headers })).toEqual({
    status: 500,
    body: { error: 'Unexpected error.', code: 'INTERNAL_SERVER_ERROR', requestId: 'abc-1' },
  });
  const logged = lines.find((line) => line.includes('users.workspace_id does not exist'));
  expect(JSON.parse(logged ?? '{}')).toMatchObject({ requestId: 'abc-1' });
});

it('503: the database is unavailable', async () => {
  await using app = await startApp({ ownDatabase: true });
  const { uid } = await addUser(app);
  await restOf(app).get(`/v1/users/${uid}`);
  await makeUsersUnavailable(app.db);
  expect(await restOf(app).get(`/v1/users/${uid}`)).toEqual({
    status: 503,
    body: {
      error: 'Service unavailable; retry later.',
      code: 'SERVICE_UNAVAILABLE',
      retryAfter: 1,
    },
  });
  const { headers } = await app.app.inject({ url: `/v1/users/${uid}`, headers: { authorization: app.owner } });
  expect(headers['retry-after']).toBe('1');
});
