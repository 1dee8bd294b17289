import { expect, it } from 'vitest';
import { basic, startApp } from '../../kit/app.ts';

const LIMIT = 3;
const limited = { concurrentRequests: 0, failedLogins: LIMIT };

/** Sends a request from an address, directly or through a proxy. */
async function send(
  { app }: Awaited<ReturnType<typeof startApp>>,
  authorization: string | undefined,
  { address = '192.0.2.1', forwarded = '', url = '/v1/users' } = {},
) {
  const headers = {
    ...(authorization === undefined ? {} : { authorization }),
    ...(forwarded ? { 'x-forwarded-for': forwarded } : {}),
  };
  return app.inject({ url, headers, remoteAddress: address });
}

const guess = (number: number | string) => basic(`pk_${number}`, 'sk_wrong');

/** The statuses of several guesses, one after the other. */
async function guessOften(app: Awaited<ReturnType<typeof startApp>>, times: number, from = {}): Promise<number[]> {
  const statuses: number[] = [];
  for (let number = 0; number < times; number += 1) {
    statuses.push((await send(app, guess(number), from)).statusCode);
  }
  return statuses;
}

it('rejects an address after too many failed logins, before any lookup', async () => {
  await using app = await startApp({ admissionLimits: limited });
  expect(await guessOften(app, 5)).toEqual([401, 401, 401, 429, 429]);
  const statements = await app.statementsOf(async () => {
    const rejected = await send(app, guess('new'));
    const error = expect.stringMatching(/^Too many failed logins from this address; retry in \d+ s\.$/);
    expect([rejected.statusCode, rejected.json()]).toEqual([
      429,
      { error, code: 'RATE_LIMITED', retryAfter: expect.any(Number) },
    ]);
    expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(rejected.headers['retry-after'])).toBeLessThanOrEqual(60);
    const inGraphQL = await send(app, guess('new'), { url: '/graphql?query={viewer{keyId}}' });
    expect(inGraphQL.json()).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
  });
  expect(statements).toEqual([]);
  expect(await guessOften(app, 1, { address: '192.0.2.2' })).toEqual([401]);
});

it('counts failed logins to GraphiQL', async () => {
  await using app = await startApp({ admissionLimits: limited, graphiql: { requiresSchemaRead: true } });
  const headers = { accept: 'text/html' };
  for (const expected of [401, 401, 401, 429]) {
    const answer = await app.app.inject({ url: '/graphql', headers: { ...headers, authorization: guess(expected) } });
    expect(answer.statusCode).toBe(expected);
  }
});

it('still accepts credentials that were valid before, and rejects unknown ones', async () => {
  await using app = await startApp({ admissionLimits: limited });
  expect((await send(app, app.owner)).statusCode).toBe(200);
  await guessOften(app, 5);
  expect((await send(app, app.owner)).statusCode).toBe(200);
  expect((await send(app, app.stranger.owner)).statusCode).toBe(429);
  expect((await send(app, app.stranger.owner, { address: '192.0.2.2' })).statusCode).toBe(200);
});

it('rejects guesses of a secret from an address that uses its key', async () => {
  await using app = await startApp({ admissionLimits: limited });
  await send(app, app.owner);
  const [key = ''] = Buffer.from(app.owner.slice('Basic '.length), 'base64').toString().split(':');
  for (const expected of [401, 401, 401, 429, 429]) {
    expect((await send(app, basic(key, `sk_${Math.random()}`))).statusCode).toBe(expected);
  }
});

it('enforces the limit for concurrent guesses', async () => {
  await using app = await startApp({ admissionLimits: limited });
  const answers = await Promise.all(Array.from({ length: 10 }, (_, number) => send(app, guess(number))));
  expect(answers.filter(({ statusCode }) => statusCode === 401)).toHaveLength(LIMIT);
});

it('does not count requests without credentials', async () => {
  await using app = await startApp({ admissionLimits: limited });
  for (let round = 0; round < 5; round += 1) expect((await send(app, undefined)).statusCode).toBe(401);
  expect(await guessOften(app, 1)).toEqual([401]);
});

it('counts an IPv6 /64 network as one address, and an IPv4-mapped address as IPv4', async () => {
  await using app = await startApp({ admissionLimits: limited });
  for (const address of ['2001:db8::1', '2001:db8:0:0:1::', '2001:0db8::ffff:1'])
    await send(app, guess(1), { address });
  expect((await send(app, guess(1), { address: '2001:db8::2' })).statusCode).toBe(429);
  expect((await send(app, guess(1), { address: '2001:db8:0:1::1' })).statusCode).toBe(401);
  await guessOften(app, 3, { address: '::ffff:192.0.2.7' });
  expect(await guessOften(app, 1, { address: '192.0.2.7' })).toEqual([429]);
  expect(await guessOften(app, 1, { address: '::ffff:192.0.2.8' })).toEqual([401]);
});

it('trusts X-Forwarded-For of configured proxies only', async () => {
  await using alone = await startApp({ admissionLimits: limited });
  expect(await guessOften(alone, 3)).toEqual([401, 401, 401]);
  expect((await send(alone, guess(1), { forwarded: '198.51.100.1' })).statusCode).toBe(429);

  await using behind = await startApp({ admissionLimits: limited, trustProxy: ['192.0.2.0/24'] });
  await guessOften(behind, 4, { forwarded: '198.51.100.1' });
  expect((await send(behind, guess(1), { forwarded: '198.51.100.1' })).statusCode).toBe(429);
  // Values that the client sent to the proxy are further to the left.
  expect((await send(behind, guess(1), { forwarded: '203.0.113.9, 198.51.100.1' })).statusCode).toBe(429);
  expect((await send(behind, guess(1), { forwarded: '198.51.100.2' })).statusCode).toBe(401);
  expect((await send(behind, guess(1), { address: '198.51.100.1', forwarded: '203.0.113.1' })).statusCode).toBe(429);
});
