import { expect, it, vi } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { isUnavailable } from '../../../src/db/errors.ts';
import { newId } from '../../../src/domain/shared/ids.ts';
import { countInPostgres } from '../../../src/http/limits/postgres-rate-counter.ts';
import { rateLimitKey } from '../../../src/http/limits/rate.ts';
import { statementChannel } from '../../../src/telemetry/channels.ts';
import { startApp } from '../../kit/app.ts';
import { createDatabase } from '../../kit/database.ts';

const exceeded = { remaining: 0, resetSeconds: 60, isExceeded: true };

it('shares the count of each key between the gateways of a database', async () => {
  await using database = await createDatabase();
  await using other = { db: openDatabase(database.connection), [Symbol.asyncDispose]: () => other.db.$disconnect() };
  const [here, there] = [countInPostgres(database.db), countInPostgres(other.db)];
  expect(await here('a', 2, 5)).toEqual({ remaining: 3, resetSeconds: 60, isExceeded: false });
  expect(await there('a', 3, 5)).toEqual({ remaining: 0, resetSeconds: expect.closeTo(60, -1), isExceeded: false });
  expect(await here('a', 1, 5)).toEqual({ ...exceeded, resetSeconds: expect.closeTo(60, -1) });
  // The rejected charge cost no points.
  expect(await there('a', 1, 6)).toMatchObject({ remaining: 0, isExceeded: false });
  expect(await there('b', 1, 5)).toMatchObject({ remaining: 4, isExceeded: false });
});

it('enforces the limit for concurrent requests, and resets it after a minute', async () => {
  await using database = await createDatabase();
  const counter = countInPostgres(database.db);
  const balances = await Promise.all(Array.from({ length: 30 }, () => counter('a', 1, 10)));
  expect(balances.filter(({ isExceeded }) => !isExceeded)).toHaveLength(10);
  await database.db.$executeRaw`UPDATE rate_limit_points SET expire = expire - 60000`;
  expect(await counter('a', 1, 10)).toMatchObject({ remaining: 9, isExceeded: false });
});

it('works without prepared statements, and with the longest subject of a token', async () => {
  await using database = await createDatabase();
  const counter = countInPostgres({ ...database.db, prepared: false });
  expect(await counter(`token ${'ü'.repeat(300)}`, 1, 2)).toMatchObject({ remaining: 1 });
  expect(await database.db.$queryRaw`SELECT 1 FROM pg_prepared_statements WHERE statement LIKE '%rate_limit%'`).toEqual(
    [],
  );
});

it('uses connections of the share of the workspace', async () => {
  await using database = await createDatabase();
  const { pool, prepared, forWorkspace } = database.db;
  const workspaceIds: string[] = [];
  const counter = countInPostgres({
    connections: { query: () => Promise.reject(new Error('not a connection of a share')) },
    prepared,
    forWorkspace: (workspaceId) => {
      workspaceIds.push(workspaceId);
      return forWorkspace(workspaceId);
    },
  });
  const key = rateLimitKey({ credential: 'secret', workspaceId: newId(), keyId: newId() });
  expect(await counter(key, 1, 2)).toMatchObject({ remaining: 1 });
  expect(workspaceIds.map((workspaceId) => key.includes(workspaceId))).toEqual([true]);
  expect(pool.totalCount).toBe(1);
});

it('reports its statements by label', async () => {
  await using database = await createDatabase();
  const labels: string[] = [];
  const unsubscribe = statementChannel.subscribe({ end: ({ label }) => labels.push(label) });
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const counter = countInPostgres(database.db);
    for (const key of ['unscoped', rateLimitKey({ credential: 'secret', workspaceId: newId(), keyId: newId() })]) {
      expect(await counter(key, 1, 2)).toMatchObject({ remaining: 1 });
    }
    vi.advanceTimersByTime(300_000);
  } finally {
    vi.useRealTimers();
  }
  await vi.waitFor(() => expect(labels).toEqual(['countPoints', 'countPoints', 'deleteExpiredPoints']));
  unsubscribe();
});

it('limits requests to an API', async () => {
  await using database = await createDatabase();
  await using app = await startApp({
    rateLimits: { secret: 3, publicKey: 0 },
    counter: countInPostgres(database.db),
  });
  const send = async () => (await app.send('mutation { updateUser(input: { uid: "u1" }) { __typename } }')).status;
  expect([await send(), await send()]).toEqual([200, 429]);
});

it('fails immediately with 503 if the database cannot be reached', async () => {
  await using unreachable = {
    db: openDatabase({ host: '127.0.0.1', port: 1 }),
    [Symbol.asyncDispose]: () => unreachable.db.$disconnect(),
  };
  const counter = countInPostgres(unreachable.db);
  const failure = await counter('a', 1, 10).catch((error: unknown) => error);
  expect(isUnavailable(failure)).toBe(true);
  await using app = await startApp({ rateLimits: { secret: 3, publicKey: 0 }, counter });
  const { status, headers, errors } = await app.send('{ viewer { keyId } }');
  expect([status, headers['retry-after']]).toEqual([503, '1']);
  expect(errors).toMatchObject([{ extensions: { code: 'SERVICE_UNAVAILABLE' } }]);
});
