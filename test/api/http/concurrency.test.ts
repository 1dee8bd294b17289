import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, it, vi } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic, startApp } from '../../kit/app.ts';
import { startListening } from '../../kit/listening.ts';

const query = '{ users { totalCount } }';
const atOnce = { concurrentRequests: 3, failedLogins: 0 };

const many = <Result>(count: number, ask: () => Promise<Result>) => Promise.all(Array.from({ length: count }, ask));

it('answers so many requests of a key at once, and refuses one more with 429 at once', async () => {
  await using app = await startApp({ admissionLimits: atOnce, rateLimits: { secret: 100, publicKey: 0 } });
  await app.send(query);
  const answers = await many(10, () => app.send(query));
  const refused = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(refused).toHaveLength(7);
  for (const { errors, headers } of refused) {
    expect(errors).toEqual([
      {
        message: 'The key has 3 requests in flight, which is the limit; try again in 1 s.',
        extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
      },
    ]);
    expect(headers['retry-after']).toBe('1');
  }
  // Nor did they cost points.
  expect((await app.send(query)).headers['ratelimit-remaining']).toBe(String(100 - 5));
});

it('gives places back, whatever becomes of a request', async () => {
  await using app = await startApp({ admissionLimits: atOnce });
  for (const document of [query, '{', '{ nonsense }', 'mutation { updateUser(input: {}) { __typename } }']) {
    for (let round = 0; round < 5; round += 1) expect((await app.send(document)).status).not.toBe(429);
  }
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  for (let round = 0; round < 5; round += 1) {
    const faulty = await app.app.inject({ method: 'PUT', url: '/v1/users/u1', headers, payload: '{' });
    expect(faulty.statusCode).toBe(400);
  }
  expect((await many(3, () => app.send(query))).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('gives a place back when the client goes away in the midst of a request', async () => {
  await using app = await startListening({ admissionLimits: { ...atOnce, concurrentRequests: 1 } });
  const ask = async () => (await app.send('{ viewer { keyId } }')).status;
  await ask();
  const head = ['POST /graphql HTTP/1.1', 'host: a', `authorization: ${app.owner}`, 'content-type: application/json'];
  for (let round = 0; round < 3; round += 1) {
    const socket = connect(app.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write([...head, 'content-length: 100', '', '{'].join('\r\n'));
    await vi.waitFor(async () => expect(await ask()).toBe(429));
    socket.destroy();
    await vi.waitFor(async () => expect(await ask()).toBe(200));
  }
});

it('counts each key by itself, a public key apart from its secret, and both doors together', async () => {
  await using app = await startApp({ admissionLimits: { ...atOnce, concurrentRequests: 1 } });
  const other = await createKey(app.db, app.workspaceId, scopes);
  const rest = async () =>
    (await app.app.inject({ url: '/v1/users', headers: { authorization: app.owner } })).statusCode;
  const ask = async (caller: string) => (await app.send('{ viewer { keyId } }', {}, caller)).status;
  const callers = [basic(other.publicKey, other.secret), app.stranger.owner, app.publicKey];
  await Promise.all([app.owner, ...callers].map(ask));
  expect(await Promise.all([rest(), ...callers.map(ask), ask(app.owner)])).toEqual([200, 200, 200, 200, 429]);
});
