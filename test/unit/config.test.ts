import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { defaultLimits, limitVariables } from '../../src/config/limits.ts';

it('has a default for every variable', () => {
  expect(readConfig({})).toEqual({
    port: 4000,
    host: '127.0.0.1',
    databaseUrls: undefined,
    databaseVariable: 'DATABASE_URL',
    databaseDirectUrls: undefined,
    replicas: undefined,
    databaseWaitMs: 30_000,
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
    retention: { logDays: 30, auditDays: 0 },
    eventRetentionMonths: 0,
    metrics: undefined,
    graphiql: 'anybody',
    persistedOperations: undefined,
    tracing: undefined,
    warnings: [],
    slowOperationMs: 1_000,
  });
});

it('rejects SLOW_OPERATION_MS=-1', () => {
  expect(() => readConfig({ SLOW_OPERATION_MS: '-1' })).toThrow('SLOW_OPERATION_MS: must be');
});

/** Limits for which 0 is valid: it disables them. */
const ACCEPTS_ZERO = new Set([
  'LIMIT_DOCUMENT_CACHE_BYTES',
  'LIMIT_PERSISTED_QUERY_BYTES',
  'LIMIT_COMPILED_CACHE_BYTES',
  'LIMIT_DOCUMENT_MS',
]);

it('reads each limit from its own variable', () => {
  const limits = Object.entries(limitVariables);
  const env = Object.fromEntries(limits.map(([name], place) => [name, String(1_000 + place)]));
  expect(Object.values(readConfig(env).limits)).toEqual(limits.map((_, place) => 1_000 + place));
  for (const [name] of limits) {
    const tooSmall = ACCEPTS_ZERO.has(name) ? '-1' : '0';
    expect(() => readConfig({ ...env, [name]: tooSmall })).toThrow(`${name}: must be an integer`);
  }
  for (const name of ACCEPTS_ZERO) expect(Object.values(readConfig({ [name]: '0' }).limits)).toContain(0);
});

it.each(Object.entries(limitVariables))('documents %s with its default in docs/limits.md', (name, variable) => {
  const row = readFileSync('docs/limits.md', 'utf8').match(new RegExp(`^\\| .*\`${name}\`.*$`, 'm'))?.[0];
  expect(row?.replaceAll(',', '')).toContain(` ${variable.parse(undefined)} `);
});

it('limits rates by default unless the database is embedded', () => {
  const databaseUrl = { DATABASE_URL: 'postgres://localhost/usergraph' };
  expect(readConfig(databaseUrl).rateLimits).toEqual({ secret: 60_000, publicKey: 6_000 });
  expect(readConfig({ ...databaseUrl, RATE_LIMIT: '0' }).rateLimits).toEqual({ secret: 0, publicKey: 6_000 });
  expect(readConfig({ RATE_LIMIT_PUBLIC: '100' }).rateLimits).toEqual({ secret: 0, publicKey: 100 });
});

it('limits concurrency by default unless the database is embedded', () => {
  const limitFor = (env: Record<string, string>) => readConfig(env).admissionLimits.concurrentRequests;
  expect(limitFor({ DATABASE_URL: 'postgres://localhost/usergraph' })).toBe(100);
  expect(limitFor({ CONCURRENCY_LIMIT: '7' })).toBe(7);
});

it('reads the trusted proxies', () => {
  expect(readConfig({ TRUST_PROXY: 'off' }).trustProxy).toEqual([]);
  const networks = '10.0.0.0/8, 192.0.2.1,2001:db8::/32';
  expect(readConfig({ TRUST_PROXY: networks }).trustProxy).toEqual(['10.0.0.0/8', '192.0.2.1', '2001:db8::/32']);
  for (const invalid of ['on', '1', 'proxy.example', '10.0.0.0/33', '10.0.0.0/', '10.0.0.1/8/8']) {
    expect(() => readConfig({ TRUST_PROXY: invalid })).toThrow(
      /TRUST_PROXY: must be off, or a comma-separated list of IP addresses/,
    );
  }
});

const tokens = { JWT_ISSUER: 'https://id.example', JWT_AUDIENCE: 'usergraph' };
const secret = 's'.repeat(32);

it('accepts a shared secret or a JWKS URL for tokens', () => {
  const common = { issuer: 'https://id.example', audience: 'usergraph' };
  expect(readConfig({ ...tokens, JWT_SECRET: secret }).tokens).toEqual({
    ...common,
    keys: { secret },
    workspaceClaim: 'workspace',
    scopesClaim: 'scope',
    clockSkew: 10,
  });
  const customClaims = {
    JWT_WORKSPACE_CLAIM: 'https://a.example/ws',
    JWT_SCOPES_CLAIM: 'permissions',
    JWT_CLOCK_SKEW: '0',
  };
  expect(readConfig({ ...tokens, ...customClaims, JWT_JWKS_URL: 'https://id.example/jwks' }).tokens).toEqual({
    ...common,
    keys: { jwksUrl: 'https://id.example/jwks' },
    workspaceClaim: 'https://a.example/ws',
    scopesClaim: 'permissions',
    clockSkew: 0,
  });
});

it.each<[string, Record<string, string>, RegExp]>([
  ['without an issuer and an audience', { JWT_SECRET: secret }, /JWT_ISSUER: [\s\S]*JWT_AUDIENCE: /],
  ['without keys', tokens, /JWT_JWKS_URL: must be set to verify tokens, unless JWT_SECRET is set/],
  [
    'with two kinds of keys',
    { ...tokens, JWT_SECRET: secret, JWT_JWKS_URL: 'https://a.example' },
    /JWT_SECRET: must not be set together with JWT_JWKS_URL/,
  ],
  ['with a short secret', { ...tokens, JWT_SECRET: 'secret' }, /JWT_SECRET: must have at least 32 characters/],
  ['with a JWKS URL over plain HTTP', { ...tokens, JWT_JWKS_URL: 'http://a.example/jwks' }, /JWT_JWKS_URL: must be/],
  [
    'with a JWKS URL whose user name is localhost',
    { ...tokens, JWT_JWKS_URL: 'http://localhost:x@a.example/' },
    /JWT_JWKS_URL: must be/,
  ],
  [
    'with a clock skew of an hour',
    { ...tokens, JWT_SECRET: secret, JWT_CLOCK_SKEW: '3600' },
    /JWT_CLOCK_SKEW: must be/,
  ],
  ['and other invalid variables', { JWT_SECRET: 'x', PORT: 'x' }, /PORT: [\s\S]*JWT_SECRET: [\s\S]*JWT_ISSUER: /],
])('rejects token settings %s', (_name, env, message) => {
  expect(() => readConfig(env)).toThrow(message);
});

it.each(['1', ' ', '0x10', '1e3', '5.0', '-1', '+7', '1000000001'])('rejects the limit "%s"', (limit) => {
  expect(() => readConfig({ RATE_LIMIT: limit })).toThrow(/RATE_LIMIT: must be/);
});

it('drains by default unless the database is embedded', () => {
  const url = 'postgres://localhost/x';
  expect(
    [{}, { DATABASE_URL: url }, { DRAIN_MS: '10' }, { DATABASE_URL: url, DRAIN_MS: '0' }].map(
      (env) => readConfig(env).drainMs,
    ),
  ).toEqual([0, 2000, 10, 0]);
  expect(() => readConfig({ DRAIN_MS: '60001' })).toThrow(/DRAIN_MS: must be an integer from 0 to 60000; got "60001"/);
});

it.each(['0', '65', '1.5', 'max', ' 2'])('rejects "%s" workers', (workers) => {
  expect(() => readConfig({ WORKERS: workers })).toThrow(/WORKERS: must be an integer from 1 to 64/);
});

it('reads the replicas from DATABASE_REPLICA_URLS', () => {
  const url = 'postgres://u:p@h1/db';
  const replicas = { DATABASE_URL: url, DATABASE_REPLICA_URLS: 'postgres://u:p@h2,h3/db' };
  expect(readConfig({ DATABASE_URL: url }).replicas).toBeUndefined();
  expect(readConfig(replicas).replicas).toEqual({
    urls: ['postgres://u:p@h2/db', 'postgres://u:p@h3/db'],
    maxStalenessMs: 5_000,
  });
  expect(() => readConfig({ ...replicas, DATABASE_URL: '' })).toThrow(
    /DATABASE_URL: must be set if DATABASE_REPLICA_URLS is/,
  );
  expect(() => readConfig({ ...replicas, REPLICA_MAX_STALENESS_MS: '999' })).toThrow(
    /REPLICA_MAX_STALENESS_MS: must be an integer from 1000 to 300000; got "999"/,
  );
  expect(() => readConfig({ ...replicas, DATABASE_REPLICA_URLS: 'mysql://u:hidden@x' })).toThrow(
    /DATABASE_REPLICA_URLS: must be a URL such as \S+$/,
  );
});

it('reads the database without a pooler from DATABASE_DIRECT_URL, by default from DATABASE_URL', () => {
  const [pooled, direct] = ['postgres://pooler:6432/usergraph', 'postgres://server/usergraph'];
  expect(readConfig({ DATABASE_URL: pooled }).databaseDirectUrls).toEqual([pooled]);
  expect(readConfig({ DATABASE_URL: pooled, DATABASE_DIRECT_URL: direct })).toMatchObject({
    databaseUrls: [pooled],
    databaseDirectUrls: [direct],
  });
  expect(readConfig({ DATABASE_URLS: pooled }).databaseVariable).toBe('DATABASE_URLS');
  expect(() => readConfig({ DATABASE_DIRECT_URL: direct })).toThrow(
    /DATABASE_URL: must be set if DATABASE_DIRECT_URL is/,
  );
  const secret = { DATABASE_URL: pooled, DATABASE_DIRECT_URL: 'mysql://u:hidden@x' };
  expect(() => readConfig(secret)).toThrow(/DATABASE_DIRECT_URL: must be a URL such as \S+$/);
});

it('treats an empty variable as unset', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', GRAPHIQL: '' })).toEqual(readConfig({}));
});

it('disables GraphiQL in production by default', () => {
  expect(readConfig({ NODE_ENV: 'production' }).graphiql).toBe(false);
  const databaseUrl = { DATABASE_URL: 'postgres://localhost/usergraph' };
  expect(readConfig({ ...databaseUrl, NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe('schemaReaders');
  expect(readConfig({ NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe('anybody');
  expect(readConfig(databaseUrl).graphiql).toBe('anybody');
  expect(readConfig({ GRAPHIQL: '0' }).graphiql).toBe(false);
});

it('reads the persisted operations, and disables GraphiQL if other operations are rejected', () => {
  const file = { PERSISTED_OPERATIONS: 'persisted.json' };
  expect(readConfig(file)).toMatchObject({ persistedOperations: { file: 'persisted.json', only: false } });
  expect(readConfig({ ...file, PERSISTED_OPERATIONS_ONLY: 'on' })).toMatchObject({
    persistedOperations: { file: 'persisted.json', only: true },
    graphiql: false,
  });
  const conflicting = { PERSISTED_OPERATIONS_ONLY: 'on', GRAPHIQL: 'on' };
  expect(() => readConfig(conflicting)).toThrow(/PERSISTED_OPERATIONS: must be set [\s\S]*GRAPHIQL: must be off/);
});

it('rejects a header timeout above the timeout of the whole request', () => {
  expect(() => readConfig({ LIMIT_HEADERS_MS: '400000' })).toThrow(
    /LIMIT_HEADERS_MS: must not exceed LIMIT_ARRIVAL_MS \(30000\); got "400000"/,
  );
  expect(readConfig({ LIMIT_HEADERS_MS: '400000', LIMIT_ARRIVAL_MS: '400000' }).limits.headersMs).toBe(400_000);
});

it('reads where metrics are served', () => {
  expect(readConfig({ METRICS_PORT: '9464' }).metrics).toEqual({ port: 9464, host: '127.0.0.1', token: undefined });
  const all = { METRICS_PORT: '0', METRICS_HOST: '10.0.0.5', METRICS_TOKEN: 'a'.repeat(16) };
  expect(readConfig(all).metrics).toEqual({ port: 0, host: '10.0.0.5', token: 'a'.repeat(16) });
  expect(() => readConfig({ METRICS_PORT: '4000' })).toThrow(/METRICS_PORT: must differ from PORT/);
  expect(() => readConfig({ METRICS_TOKEN: 'a'.repeat(16) })).toThrow(/METRICS_PORT: must be set if METRICS_TOKEN is/);
  expect(() => readConfig({ METRICS_PORT: '1', METRICS_TOKEN: 'short' })).toThrow(
    /METRICS_TOKEN: must have at least 16 characters, all visible ASCII$/,
  );
});

it('splits the origins by comma', () => {
  expect(readConfig({ CORS_ORIGINS: 'https://a.example, https://b.example,' }).corsOrigins).toEqual([
    'https://a.example',
    'https://b.example',
  ]);
});

it('names all invalid variables with the values received, but repeats no secrets', () => {
  const invalid = { PORT: '70000', DATABASE_URL: 'mysql://u:hidden@x', LOG_LEVEL: 'loud', GRAPHIQL: 'perhaps' };
  expect(() => readConfig({ ...invalid, JWT_SECRET: 'short' })).toThrow(
    [
      'Invalid configuration:',
      'PORT: must be an integer from 0 to 65535; got "70000"',
      'DATABASE_URL: must be a URL such as postgres://user:password@host:5432/database',
      'LOG_LEVEL: must be one of trace, debug, info, warn, error, fatal, silent; got "loud"',
      'JWT_SECRET: must have at least 32 characters',
      'GRAPHIQL: must be on or off; got "perhaps"',
    ].join('\n  '),
  );
});
