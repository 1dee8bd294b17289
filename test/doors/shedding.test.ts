import { expect, it } from 'vitest';
import { startApp } from '../kit/app.ts';

const message = 'There is more to do than can be done in good time; try again later.';
const code = 'SERVICE_UNAVAILABLE';

/** Holds all of the database's connections, so that requests stay under way until they are let go. */
async function holdDatabase({ db }: Awaited<ReturnType<typeof startApp>>, connections: number) {
  const held = await Promise.all(Array.from({ length: connections }, () => db.pool.connect()));
  return () => {
    for (const client of held) client.release();
  };
}

it('answers 503 at once, in the shape of each door, while there is as much to do as is good', async () => {
  await using app = await startApp({ inFlightLimit: 2, poolSize: 1, corsOrigins: ['https://app.example'] });
  await app.send('{ viewer { keyId } }');
  const letGo = await holdDatabase(app, 1);
  const underWay = [app.send('{ users { totalCount } }'), app.send('{ lists { totalCount } }')];
  const statements = await app.statementsOf(async () => {
    const shed = await app.send('{ viewer { keyId } }', {}, 'Basic nonsense');
    expect(shed).toMatchObject({ status: 503, errors: [{ message, extensions: { code } }] });
    expect(shed.headers).toMatchObject({ 'retry-after': '1', 'x-request-id': expect.any(String) });
    for (const url of ['/v1/users', '/nowhere']) {
      const headers = { origin: 'https://app.example' };
      const answer = await app.app.inject({ url, headers });
      expect([answer.statusCode, answer.json()]).toEqual([503, { error: message, code }]);
      expect(answer.headers).toMatchObject({ 'retry-after': '1', 'access-control-allow-origin': headers.origin });
    }
    for (const url of ['/health/live', '/health/ready']) {
      expect((await app.app.inject({ url })).json()).toEqual({ status: 'ok' });
    }
  });
  expect(statements).toEqual([]);
  letGo();
  expect((await Promise.all(underWay)).map(({ status }) => status)).toEqual([200, 200]);
  expect((await app.send('{ viewer { keyId } }')).status).toBe(200);
});

it('takes in what a benchmark sends, and a burst', async () => {
  await using app = await startApp({ inFlightLimit: 500 });
  for (const callers of [20, 24]) {
    const answers = await Promise.all(Array.from({ length: callers }, () => app.send('{ users { totalCount } }')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  }
});
