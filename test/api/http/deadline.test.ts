import { Writable } from 'node:stream';
import { pino } from 'pino';
import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { holding } from '../../kit/holding.ts';
import { post } from '../../kit/http.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

/** A log and its messages. */
function recordLog() {
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

const rejection = {
  message: 'The request timed out after 300 ms; retry later.',
  code: 'SERVICE_UNAVAILABLE',
};

it.each(['users', 'api_keys'] as const)('answers 503 at the deadline while %s cannot be read', async (table) => {
  const { log, messages } = recordLog();
  await using app = await startApp({ log, limits: { requestMs: 300, lockMs: 20_000, statementMs: 20_000 } });
  const rest = () => app.app.inject({ method: 'GET', url: '/v1/users/u1', headers: { authorization: app.owner } });
  await holding(app, table, async () => {
    const [graphql, restful] = await Promise.all([post(app, user), rest()]);
    expect([graphql.statusCode, graphql.headers['retry-after']]).toEqual([503, '1']);
    expect(graphql.json()).toEqual({
      errors: [{ message: rejection.message, extensions: { code: rejection.code, retryAfter: 1 } }],
    });
    expect([restful.statusCode, restful.headers['retry-after']]).toEqual([503, '1']);
    expect(restful.json()).toEqual({ error: rejection.message, code: rejection.code, retryAfter: 1 });
  });
  await untilWaiting(app, 0);
  // The late results are discarded without a log message.
  expect((await post(app, user)).json()).toEqual({ data: { user: null } });
  expect((await rest()).statusCode).toBe(404);
  expect(messages.filter((message) => /sent/i.test(message))).toEqual([]);
});

it('answers 503 at the deadline to a write, which may still be committed', async () => {
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
