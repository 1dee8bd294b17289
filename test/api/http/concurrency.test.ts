import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, vi } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic, startApp } from '../../kit/app.ts';
import { startListening } from '../../kit/listening.ts';

const query = '{ users { totalCount } }';
const limited = { concurrentRequests: 3, failedLogins: 0 };

const concurrently = <Result>(count: number, send: () => Promise<Result>) =>
  Promise.all(Array.from({ length: count }, send));

it('answers as many concurrent requests of a key as the limit, and rejects others immediately with 429', async () => {
  await using app = await startApp({ admissionLimits: limited, rateLimits: { secret: 100, publicKey: 0 } });
  await app.send(query);
  const answers = await concurrently(10, () => app.send(query));
  const rejected = answers.filter(({ status }) => status === 429);
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(3);
  expect(rejected).toHaveLength(7);
  for (const { errors, headers } of rejected) {
    expect(errors).toEqual([
      {
        message: 'The key has reached its limit of 3 concurrent requests; retry in 1 s.',
        extensions: { code: 'RATE_LIMITED', retryAfter: 1 },
      },
    ]);
    expect(headers['retry-after']).toBe('1');
  }
  // The rejected requests cost no points.
  expect((await app.send(query)).headers['ratelimit-remaining']).toBe(String(100 - 5));
});

it('releases the slot of a request regardless of its outcome', async () => {
  await using app = await startApp({ admissionLimits: limited });
  for (const document of [query, '{', '{ nonsense }', 'mutation { updateUser(input: {}) { __typename } }']) {
    for (let round = 0; round < 5; round += 1) expect((await app.send(document)).status).not.toBe(429);
  }
  const headers = { authorization: app.owner, 'content-type': 'application/json' };
  for (let round = 0; round < 5; round += 1) {
    const faulty = await app.app.inject({ method: 'PUT', url: '/v1/users/u1', headers, payload: '{' });
    expect(faulty.statusCode).toBe(400);
  }
  expect((await concurrently(3, () => app.send(query))).map(({ status }) => status)).toEqual([200, 200, 200]);
});

it('releases the slot when the client disconnects during a request', async () => {
  await using app = await startListening({ admissionLimits: { ...limited, concurrentRequests: 1 } });
  const statusOf = async () => (await app.send('{ viewer { keyId } }')).status;
  await statusOf();
  const head = ['POST /graphql HTTP/1.1', 'host: a', `authorization: ${app.owner}`, 'content-type: application/json'];
  // A request that arrives during another one, which asks for the status, is rejected itself: it is sent again.
  const occupy = async () => {
    const socket = connect(app.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.write([...head, 'content-length: 100', '', '{'].join('\r\n'));
    await delay(20);
    if ((await statusOf()) === 429) return socket;
    socket.destroy();
    throw new Error('The request has no slot.');
  };
  for (let round = 0; round < 3; round += 1) {
    const socket = await vi.waitFor(occupy);
    socket.destroy();
    await vi.waitFor(async () => expect(await statusOf()).toBe(200));
  }
});

it('counts keys separately, a public key separately from its secret, and both APIs together', async () => {
  await using app = await startApp({ admissionLimits: { ...limited, concurrentRequests: 1 } });
  const other = await createKey(app.db, app.workspaceId, scopes);
  const rest = async () =>
    (await app.app.inject({ url: '/v1/users', headers: { authorization: app.owner } })).statusCode;
  const statusOf = async (caller: string) => (await app.send('{ viewer { keyId } }', {}, caller)).status;
  const callers = [basic(other.publicKey, other.secret), app.stranger.owner, app.publicKey];
  await Promise.all([app.owner, ...callers].map(statusOf));
  expect(await Promise.all([rest(), ...callers.map(statusOf), statusOf(app.owner)])).toEqual([200, 200, 200, 200, 429]);
});
