import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { post } from '../../kit/http.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

/** A log, and the messages that it has got. */
function listen() {
  const messages: string[] = [];
  const stream = new Writable({
    write: (line, _encoding, done) => {
      messages.push(JSON.parse(String(line)).msg);
      done();
    },
  });
  return { log: pino(stream), messages };
}

const user = JSON.stringify({ query: '{ user(uid: "u1") { uid } }' });

const refusal = {
  message: 'The request was not answered within the limit of 300 ms; try again later.',
  code: 'SERVICE_UNAVAILABLE',
};

it.each(['users', 'api_keys'] as const)('refuses a request in time while %s cannot be read', async (table) => {
  const { log, messages } = listen();
  await using app = await startApp({ log, limits: { requestMs: 300, lockMs: 20_000, statementMs: 20_000 } });
  const rest = () => app.app.inject({ method: 'GET', url: '/v1/users/u1', headers: { authorization: app.owner } });
  await holding(app, table, async () => {
    const [graphql, restful] = await Promise.all([post(app, user), rest()]);
    expect([graphql.statusCode, graphql.headers['retry-after']]).toEqual([503, '1']);
    expect(graphql.json()).toEqual({
      errors: [{ message: refusal.message, extensions: { code: refusal.code, retryAfter: 1 } }],
    });
    expect([restful.statusCode, restful.headers['retry-after']]).toEqual([503, '1']);
    expect(restful.json()).toEqual({ error: refusal.message, code: refusal.code, retryAfter: 1 });
  });
  await untilWaiting(app, 0);
  // The late results have come to nobody, and nothing is said of them.
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
  expect((await rest()).statusCode).toBe(404);
  expect(messages.filter((message) => /sent/i.test(message))).toEqual([]);
});

it('refuses a write in time, which may still be done', async () => {
  await using app = await startApp({ limits: { requestMs: 300, lockMs: 20_000, statementMs: 20_000 } });
  await app.send('{ __typename }');
  const write = JSON.stringify({ query: 'mutation { updateUser(input: { uid: "u1" }) { __typename } }' });
  await holding(app, 'users', async () => {
    expect((await post(app, write)).statusCode).toBe(503);
  });
  await untilWaiting(app, 0);
  await expect
    .poll(async () => (await post(app, user)).json(), { timeout: 10_000 })
    .toEqual({
      data: { user: { uid: 'u1' } },
    });
});
