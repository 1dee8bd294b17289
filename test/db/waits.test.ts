import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';
import { holding } from '../kit/holding.ts';
import { post } from '../kit/http.ts';

const user = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });

/** Longer than any test waits. */
const long = 60_000;
const patient = { requestMs: long, statementMs: long, lockMs: long, poolWaitMs: long };

const refused = { errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE' } }] };

it.each(['statementMs', 'lockMs'] as const)('waits for a lock no longer than %s', async (limit) => {
  await using app = await startApp({ limits: { ...patient, [limit]: 200 } });
  await holding(app, 'users', async () => {
    const response = await post(app, user);
    expect([response.statusCode, response.headers['retry-after']]).toEqual([503, '1']);
    expect(response.json()).toMatchObject(refused);
  });
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
});

it('waits for a free connection no longer than poolWaitMs', async () => {
  await using app = await startApp({ poolSize: 1, limits: { ...patient, poolWaitMs: 200 } });
  expect((await post(app, user)).statusCode).toBe(200);
  const client = await app.db.pool.connect();
  expect((await post(app, user)).json()).toMatchObject(refused);
  client.release();
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
});
