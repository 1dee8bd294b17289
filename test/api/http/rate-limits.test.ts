import { expect, it } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import { scopes } from '../../../src/domain/shared/scopes.ts';
import { basic, startApp } from '../../kit/app.ts';
import { restOf } from '../../kit/rest.ts';

const query = '{ viewer { keyId } }';
const mutation = 'mutation { updateUser(input: { uid: "u1" }) { __typename } }';

const limited = (limit: number) => ({
  code: 'RATE_LIMITED',
  message: expect.stringMatching(`^The key has exceeded its limit of ${limit} points per minute; retry in \\d+ s\\.$`),
});

/** The values of the `RateLimit-*` headers. */
const rateIn = (headers: Record<string, unknown>) =>
  ['limit', 'remaining', 'reset'].map((name) => Number(headers[`ratelimit-${name}`]));

it('charges one point for a query and two for a mutation, and rejects with 429 beyond the limit', async () => {
  await using app = await startApp({ rateLimits: { secret: 4, publicKey: 0 } });
  const [first, second, third, fourth] = [
    await app.send(query),
    await app.send(mutation),
    await app.send(mutation),
    await app.send(query),
  ];
  expect([first, second, third, fourth].map(({ status }) => status)).toEqual([200, 200, 429, 429]);
  expect(rateIn(first.headers)).toEqual([4, 3, expect.closeTo(60, -1)]);
  expect(rateIn(second.headers).slice(0, 2)).toEqual([4, 1]);
  for (const { headers, errors, data } of [third, fourth]) {
    const { code, message } = limited(4);
    expect({ data, errors }).toEqual({
      data: undefined,
      errors: [{ message, extensions: { code, retryAfter: Number(headers['retry-after']) } }],
    });
    expect(rateIn(headers).slice(0, 2)).toEqual([4, 0]);
    expect(Number(headers['retry-after'])).toBeGreaterThan(50);
    expect(Number(headers['retry-after'])).toBeLessThanOrEqual(60);
  }
});

it('runs no statement for a rejected mutation', async () => {
  await using app = await startApp({ rateLimits: { secret: 2, publicKey: 0 } });
  await app.send(query);
  const statements = await app.statementsOf(async () => {
    expect((await app.send(mutation)).status).toBe(429);
  });
  expect(statements).toEqual([]);
});

it('charges one point for a REST read and two for a write', async () => {
  await using app = await startApp({ rateLimits: { secret: 4, publicKey: 0 } });
  const rest = restOf(app);
  expect((await rest.put('/v1/users/u1', {})).status).toBe(200);
  expect((await rest.get('/v1/users')).status).toBe(200);
  const { code, message } = limited(4);
  expect(await rest.put('/users/u1', {})).toEqual({
    status: 429,
    body: { error: message, code, retryAfter: expect.any(Number) },
  });
  // The rejected request cost no points.
  expect((await rest.get('/v1/users')).status).toBe(200);
});

it.each([
  ['aliases', 'mutation { a: $ b: $ c: $ }', 6],
  ['a fragment', 'mutation { ...f } fragment f on Mutation { a: $ ... { b: $ } }', 4],
  ['a fragment that is spread twice', 'mutation { ...f ...f } fragment f on Mutation { a: $ }', 2],
  ['a field twice under one name', 'mutation { $ $ }', 2],
])('charges each write of a mutation: %s', async (_name, template, points) => {
  await using app = await startApp({ rateLimits: { secret: 100, publicKey: 0 } });
  const write = 'updateUser(input: { uid: "u1" }) { __typename }';
  const { status, headers } = await app.send(template.replaceAll('$', write));
  expect([status, rateIn(headers)[1]]).toEqual([200, 100 - points]);
});

it('terminates on fragments that each spread another fragment twice', async () => {
  await using app = await startApp({ rateLimits: { secret: 100, publicKey: 0 } });
  const chain = Array.from({ length: 60 }, (_, n) => `fragment f${n} on Mutation { ...f${n + 1} ...f${n + 1} }`);
  const last = 'fragment f60 on Mutation { updateUser(input: { uid: "u1" }) { __typename } }';
  expect((await app.send(`mutation { ...f0 } ${chain.join(' ')} ${last}`)).status).toBe(200);
});

it('charges all points for a mutation with an invalid input, but only one for an operation that is rejected as a whole', async () => {
  await using app = await startApp({ rateLimits: { secret: 100, publicKey: 0 } });
  const document = 'mutation ($input: UpdateUserInput!) { updateUser(input: $input) { __typename } }';
  expect(rateIn((await app.send(document, { input: { uid: '' } })).headers)[1]).toBe(98);
  const tooComplex = `mutation { ${Array.from({ length: 21 }, (_, n) => `m${n}: updateUser(input: { uid: "u" }) { __typename }`)} }`;
  expect(rateIn((await app.send(tooComplex)).headers)[1]).toBe(97);
  expect(rateIn((await app.send(document, { input: {} })).headers)[1], 'an invalid variable').toBe(96);
});

it('sends Retry-After to REST clients', async () => {
  await using app = await startApp({ rateLimits: { secret: 1, publicKey: 0 } });
  const headers = { authorization: app.owner };
  await app.app.inject({ url: '/v1/users', headers });
  const rejected = await app.app.inject({ url: '/v1/users', headers });
  expect(rejected.statusCode).toBe(429);
  expect(Number(rejected.headers['retry-after'])).toBeGreaterThan(50);
});

it('counts keys separately, and a public key separately from its secret', async () => {
  await using app = await startApp({ rateLimits: { secret: 1, publicKey: 2 } });
  const other = await createKey(app.db, app.workspaceId, scopes);
  const statusOf = async (caller: string) => (await app.send(query, {}, caller)).status;
  expect([await statusOf(app.owner), await statusOf(app.owner)]).toEqual([200, 429]);
  expect(await statusOf(basic(other.publicKey, other.secret))).toBe(200);
  expect(await statusOf(app.stranger.owner)).toBe(200);
  expect([await statusOf(app.publicKey), await statusOf(app.publicKey), await statusOf(app.publicKey)]).toEqual([
    200, 200, 429,
  ]);
});

it('enforces the limit for concurrent requests', async () => {
  await using app = await startApp({ rateLimits: { secret: 10, publicKey: 0 } });
  const answers = await Promise.all(Array.from({ length: 25 }, () => app.send(query)));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(10);
});

it('sends no RateLimit headers without a limit', async () => {
  await using app = await startApp();
  const { headers } = await app.send(query);
  expect(Object.keys(headers).filter((name) => name.startsWith('ratelimit'))).toEqual([]);
});
