import { pino } from 'pino';
import { expect, it } from 'vitest';
import { createApp } from '../../../src/app.ts';
import { defaultLimits } from '../../../src/config/limits.ts';
import { createDatabase } from '../../kit/database.ts';
import { unlimited } from '../../kit/unlimited.ts';

async function ask(path: string, readiness: () => Promise<string | undefined>) {
  await using database = await createDatabase();
  const app = await createApp({
    db: database.db,
    log: pino({ level: 'silent' }),
    readiness,
    corsOrigins: [],
    limits: defaultLimits,
    ...unlimited,
    graphiql: false,
  });
  const { statusCode, json } = await app.inject({ method: 'GET', url: path });
  await app.close();
  return { status: statusCode, body: json() };
}

it('is alive without a database', async () => {
  expect(await ask('/health/live', async () => 'no')).toEqual({ status: 200, body: { status: 'ok' } });
});

it('is ready when the database is', async () => {
  expect(await ask('/health/ready', async () => undefined)).toEqual({ status: 200, body: { status: 'ok' } });
});

it('is not ready, and says why, while migrations are pending', async () => {
  expect(await ask('/health/ready', async () => 'Migrations are pending.')).toEqual({
    status: 503,
    body: { status: 'unavailable', reason: 'Migrations are pending.' },
  });
});

it('is not ready while the database cannot be reached', async () => {
  expect(await ask('/health/ready', () => Promise.reject(new Error('secret host')))).toEqual({
    status: 503,
    body: { status: 'unavailable', reason: 'The database cannot be reached.' },
  });
});

it('gives up on a database that does not answer', async () => {
  expect(await ask('/health/ready', () => new Promise(() => {}))).toMatchObject({
    status: 503,
    body: { reason: 'The database did not respond within 2000 ms.' },
  });
});
