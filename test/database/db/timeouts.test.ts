import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { post } from '../../kit/http.ts';
import { restOf } from '../../kit/rest.ts';

const user = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });

/** Longer than any test waits. */
const long = 60_000;
const patient = { requestMs: long, statementMs: long, lockMs: long, poolWaitMs: long };

/** What both doors say. */
const refused = (message: string) => ({
  graphql: { errors: [{ message, extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 } }] },
  rest: { code: 'SERVICE_UNAVAILABLE', error: message, retryAfter: 1 },
});

it.each([
  ['statementMs', 'A statement was not done within the limit of 200 ms; try again later.'],
  ['lockMs', 'A lock that others held was not free within the limit of 200 ms; try again later.'],
] as const)('waits for a lock no longer than %s', async (limit, message) => {
  await using app = await startApp({ limits: { ...patient, [limit]: 200 } });
  await holding(app, 'users', async () => {
    const response = await post(app, user);
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
    expect(response.json()).toMatchObject(refused(message).graphql);
    expect(await restOf(app).get('/v1/users')).toEqual({ status: 503, body: refused(message).rest });
  });
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
});

// A caller who is not known yet is read by another way than users are.
it.each(['known', 'not known yet'])(
  'waits for a free connection no longer than poolWaitMs; a caller who is %s',
  async (caller) => {
    await using app = await startApp({ poolSize: 1, limits: { ...patient, poolWaitMs: 200 } });
    if (caller === 'known') expect((await post(app, user)).statusCode).toBe(200);
    const client = await app.db.pool.connect();
    const message = 'No connection to the database was free within the limit of 200 ms; try again later.';
    expect((await post(app, user)).json()).toMatchObject(refused(message).graphql);
    client.release();
    expect((await post(app, user)).json()).toEqual({ data: { user: null } });
  },
);
