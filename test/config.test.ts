import { expect, it } from 'vitest';
import { readConfig } from '../src/config.ts';

it('has a default for everything', () => {
  expect(readConfig({})).toEqual({
    port: 4000,
    host: '127.0.0.1',
    databaseUrl: undefined,
    dataDirectory: '.data',
    poolSize: 10,
    logLevel: 'info',
    corsOrigins: [],
    rateLimits: { secret: 0, publicKey: 0 },
    graphiql: true,
  });
});

it('limits the rate of keys on a database of one’s own, and where it is told to', () => {
  const databaseUrl = { DATABASE_URL: 'postgres://localhost/usergraph' };
  expect(readConfig(databaseUrl).rateLimits).toEqual({ secret: 60_000, publicKey: 6_000 });
  expect(readConfig({ ...databaseUrl, RATE_LIMIT: '0' }).rateLimits).toEqual({ secret: 0, publicKey: 6_000 });
  expect(readConfig({ RATE_LIMIT_PUBLIC: '100' }).rateLimits).toEqual({ secret: 0, publicKey: 100 });
});

it('takes an empty variable for an unset one', () => {
  expect(readConfig({ PORT: '', DATABASE_URL: '', GRAPHIQL: '' })).toEqual(readConfig({}));
});

it('serves no GraphiQL in production, unless told to', () => {
  expect(readConfig({ NODE_ENV: 'production' }).graphiql).toBe(false);
  expect(readConfig({ NODE_ENV: 'production', GRAPHIQL: 'true' }).graphiql).toBe(true);
  expect(readConfig({ GRAPHIQL: '0' }).graphiql).toBe(false);
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
