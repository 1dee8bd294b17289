import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { defaultLimits, limitVariables } from '../../src/config/limits.ts';
import { readConfig } from '../../src/config/index.ts';

it('has a default for everything', () => {
  expect(readConfig({})).toEqual({
    port: 4000,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataDirectory: '.data',
    poolSize: 10,
    preparedStatements: true,
    workers: 1,
    drainMs: 0,
    logLevel: 'info',
    corsOrigins: [],
    rateLimits: { secret: 0, publicKey: 0 },
    limits: defaultLimits,
    rateLimitStore: 'memory',
    admissionLimits: { concurrentRequests: 0, failedLogins: 30 },
    inFlightLimit: 500,
    trustProxy: [],
    tokens: undefined,
    graphiql: 'anybody',
    persistedOperations: undefined,
  });
});

/** Limits that 0 turns off. */
const CAN_BE_OFF = new Set(['LIMIT_DOCUMENT_CACHE_BYTES', 'LIMIT_COMPILED_CACHE_BYTES', 'LIMIT_DOCUMENT_MS']);

it('limits what a request may ask for and how long it may take, each limit by a variable of its own', () => {
  const limits = Object.entries(limitVariables);
  const env = Object.fromEntries(limits.map(([name], place) => [name, String(1_000 + place)]));
  expect(Object.values(readConfig(env).limits)).toEqual(limits.map((_, place) => 1_000 + place));
  for (const [name] of limits) {
    const tooSmall = CAN_BE_OFF.has(name) ? '-1' : '0';
    expect(() => readConfig({ ...env, [name]: tooSmall })).toThrow(`${name}: must be a whole`);
  }
  for (const name of CAN_BE_OFF) expect(Object.values(readConfig({ [name]: '0' }).limits)).toContain(0);
});

it.each(Object.entries(limitVariables))('tells of %s in docs/limits.md, with its default', (name, variable) => {
  const row = readFileSync('docs/limits.md', 'utf8').match(new RegExp(`^\\| .*\`${name}\`.*$`, 'm'))?.[0];
  expect(row?.replaceAll(',', '')).toContain(` ${variable.parse(undefined)} `);
});

it('limits the rate of keys on a database of one’s own, and where it is told to', () => {
  const databaseUrl = { DATABASE_URL: 'postgres://localhost/usergraph' };
  expect(readConfig(databaseUrl).rateLimits).toEqual({ secret: 60_000, publicKey: 6_000 });
  expect(readConfig({ ...databaseUrl, RATE_LIMIT: '0' }).rateLimits).toEqual({ secret: 0, publicKey: 6_000 });
  expect(readConfig({ RATE_LIMIT_PUBLIC: '100' }).rateLimits).toEqual({ secret: 0, publicKey: 100 });
});

it('limits requests at once on a database of one’s own, and where it is told to', () => {
  const atOnce = (env: Record<string, string>) => readConfig(env).admissionLimits.concurrentRequests;
  expect(atOnce({ DATABASE_URL: 'postgres://localhost/usergraph' })).toBe(100);
  expect(atOnce({ CONCURRENCY_LIMIT: '7' })).toBe(7);
});

it('reads the proxies that are believed', () => {
  expect(readConfig({ TRUST_PROXY: 'off' }).trustProxy).toEqual([]);
  const given = '10.0.0.0/8, 192.0.2.1,2001:db8::/32';
  expect(readConfig({ TRUST_PROXY: given }).trustProxy).toEqual(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
  for (const faulty of ['on', '1', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.1/8/8']) {
    expect(() => readConfig({ TRUST_PROXY: faulty })).toThrow(/TRUST_PROXY: must be off, or addresses/);
  }
});

const tokens = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'usergraph' };
const secret = 's'.repeat(32);

it('lets tokens in by a secret, or by the keys at an address', () => {
  const common = { issuer: 'https://id.example', audience: 'usergraph' };
  expect(readConfig({ ...tokens, JWT_SECRET: secret }).tokens).toEqual({
    ...common,
    keys: { secret },
    workspaceClaim: 'workspace',
    scopesClaim: 'scope',
    clockSkew: 10,
  });
  const named = { JWT_WORKSPACE_CLAIM: 'https://a.example/ws', JWT_SCOPES_CLAIM: 'permissions', JWT_CLOCK_SKEW: '0' };
  expect(readConfig({ ...tokens, ...named, JWT_JWKS_URL: 'https://id.example/jwks' }).tokens).toEqual({
    ...common,
    keys: { jwksUrl: 'https://id.example/jwks' },
    workspaceClaim: 'https://a.example/ws',
    scopesClaim: 'permissions',
    clockSkew: 0,
  });
});

it.each<[string, Record<string, string>, RegExp]>([
  ['without an issuer and an audience', { JWT_SECRET: secret }, /JWT_ISSUER: [\s\S]*JWT_AUDIENCE: /],
  ['without keys', tokens, /JWT_JWKS_URL: must be set for tokens, or JWT_SECRET/],
  [
    'with two kinds of keys',
    { ...tokens, JWT_SECRET: secret, JWT_JWKS_URL: 'https://a.example' },
    /JWT_SECRET: cannot/,
  ],
  ['with a short secret', { ...tokens, JWT_SECRET: 'secret' }, /JWT_SECRET: must have at least 32 characters/],
  ['with keys that come in the clear', { ...tokens, JWT_JWKS_URL: 'http://a.example/jwks' }, /JWT_JWKS_URL: must be/],
  [
    'with keys of a host that looks like ours',
    { ...tokens, JWT_JWKS_URL: 'http://localhost:x@a.example/' },
    /JWT_JWKS_URL: must be/,
  ],
  [
    'with a clock skew of an hour',
    { ...tokens, JWT_SECRET: secret, JWT_CLOCK_SKEW: '3600' },
    /JWT_CLOCK_SKEW: must be/,
  ],
  ['with other faults', { JWT_SECRET: 'x', PORT: 'x' }, /PORT: [\s\S]*JWT_SECRET: [\s\S]*JWT_ISSUER: /],
])('refuses tokens %s', (_name, env, faults) => {
  expect(() => readConfig(env)).toThrow(faults);
});

it.each(['1', ' ', '0x10', '1e3', '5.0', '-1', '+7', '1000000001'])('refuses the limit "%s"', (limit) => {
  expect(() => readConfig({ RATE_LIMIT: limit })).toThrow(/RATE_LIMIT: must be/);
});

it('drains before it stops, but not on the embedded database', () => {
  const url = 'postgres://localhost/x';
  expect(
    [{}, { DATABASE_URL: url }, { DRAIN_MS: '10' }, { DATABASE_URL: url, DRAIN_MS: '0' }].map(
      (env) => readConfig(env).drainMs,
    ),
  ).toEqual([0, 2000, 10, 0]);
  expect(() => readConfig({ DRAIN_MS: '60001' })).toThrow(/DRAIN_MS: must be a whole number from 0 to 60000/);
});

it.each(['0', '65', '1.5', 'max', ' 2'])('refuses "%s" workers', (workers) => {
  expect(() => readConfig({ WORKERS: workers })).toThrow(/WORKERS: must be a whole number from 1 to 64/);
});

it('takes an empty variable for an unset one', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', GRAPHIQL: '' })).toEqual(readConfig({}));
});

it('serves no GraphiQL in production, unless told to', () => {
  expect(readConfig({ NODE_ENV: 'production' }).graphiql).toBe(false);
  const databaseUrl = { DATABASE_URL: 'postgres://localhost/usergraph' };
  expect(readConfig({ ...databaseUrl, NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe('schemaReaders');
  expect(readConfig({ NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe('anybody');
  expect(readConfig(databaseUrl).graphiql).toBe('anybody');
  expect(readConfig({ GRAPHIQL: '0' }).graphiql).toBe(false);
});

it('takes persisted operations, and has no GraphiQL where it takes nothing else', () => {
  const file = { PERSISTED_OPERATIONS: 'persisted.json' };
  expect(readConfig(file)).toMatchObject({ persistedOperations: { file: 'persisted.json', only: false } });
  expect(readConfig({ ...file, PERSISTED_OPERATIONS_ONLY: 'on' })).toMatchObject({
    persistedOperations: { file: 'persisted.json', only: true },
    graphiql: false,
  });
  const wrong = { PERSISTED_OPERATIONS_ONLY: 'on', GRAPHIQL: 'on' };
  expect(() => readConfig(wrong)).toThrow(/PERSISTED_OPERATIONS: must be set [\s\S]*GRAPHIQL: cannot be on/);
});

it('takes no more time for headers than for the whole request', () => {
  expect(() => readConfig({ LIMIT_HEADERS_MS: '400000' })).toThrow(
    /LIMIT_HEADERS_MS: must be no more than LIMIT_ARRIVAL/,
  );
  expect(readConfig({ LIMIT_HEADERS_MS: '400000', LIMIT_ARRIVAL_MS: '400000' }).limits.headersMs).toBe(400_000);
});

it('splits the origins', () => {
  expect(readConfig({ CORS_ORIGINS: 'https://a.example, https://b.example,' }).corsOrigins).toEqual([
    'https://a.example',
    'https://b.example',
  ]);
});

it('names every fault at once', () => {
  const wrong = { PORT: '70000', LOG_LEVEL: 'loud', DATABASE_URL: 'mysql://x', GRAPHIQL: 'perhaps' };
  expect(() => readConfig(wrong)).toThrow(/PORT: [\s\S]*DATABASE_URL: [\s\S]*LOG_LEVEL: [\s\S]*GRAPHIQL: /);
});
