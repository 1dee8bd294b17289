import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { post } from '../../kit/http.ts';
import { restOf } from '../../kit/rest.ts';

const user = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });

/** Longer than any test runs, in ms. */
const LONG_MS = 60_000;
const longTimeouts = { requestMs: LONG_MS, statementMs: LONG_MS, lockMs: LONG_MS, poolWaitMs: LONG_MS };

/** The responses of both APIs. */
const timedOut = (message: string) => ({
  graphql: { errors: [{ message, extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 } }] },
  rest: { code: 'SERVICE_UNAVAILABLE', error: message, retryAfter: 1 },
});

it.each([
  ['statementMs', 'Timed out after 200 ms running a database query; retry later.'],
  ['lockMs', 'Timed out after 200 ms waiting for a row lock; retry later.'],
] as const)('waits for a lock no longer than %s', async (limit, message) => {
  await using app = await startApp({ limits: { ...longTimeouts, [limit]: 200 } });
  await holding(app, 'users', async () => {
    const response = await post(app, user);
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
    expect(response.json()).toMatchObject(timedOut(message).graphql);
    expect(await restOf(app).get('/v1/users')).toEqual({ status: 503, body: timedOut(message).rest });
  });
  await expect.poll(async () => (await post(app, user)).json()).toEqual({ data: { user: null } });
});

// The key of a new caller is read outside of the workspace's share of the pool.
it.each(['known', 'new'])('waits for a free connection no longer than poolWaitMs; the caller is %s', async (caller) => {
  await using app = await startApp({ poolSize: 1, limits: { ...longTimeouts, poolWaitMs: 200 } });
  if (caller === 'known') expect((await post(app, user)).statusCode).toBe(200);
  const client = await app.db.pool.connect();
  const message = 'Timed out after 200 ms waiting for a database connection; retry later.';
  expect((await post(app, user)).json()).toMatchObject(timedOut(message).graphql);
  client.release();
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
});
