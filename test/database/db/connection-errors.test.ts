import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { startCollecting } from '../../kit/collected-metrics.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { databaseUrl } from '../../kit/database-url.ts';
import { listenOnFreePort } from '../../kit/free-ports.ts';
import { Scrape } from '../../kit/prometheus.ts';

const WAITS = 'db_client_connection_wait_time_seconds_count';
const STATEMENTS = 'db_client_operation_duration_seconds_count';

/** Runs a statement that fails. @returns the code of the error, and the error types that the metrics have counted. */
async function failureOf(connectionString: string, sql = 'SELECT 1') {
  using metrics = startCollecting();
  const db = openDatabase({ connectionString }, { poolSize: 1 });
  try {
    const error: unknown = await db.query(Prisma.raw(sql)).catch((reason: unknown) => reason);
    const { samples } = new Scrape(await metrics.text());
    const typesIn = (metric: string) =>
      samples
        .filter(({ name, labels, value }) => name === metric && labels.error_type !== '' && value > 0)
        .map(({ labels }) => labels.error_type);
    return {
      code: error instanceof Error && 'code' in error ? error.code : error,
      waits: typesIn(WAITS),
      statements: typesIn(STATEMENTS),
    };
  } finally {
    await db.$disconnect();
  }
}

const urlOf = ({ connection }: TestDatabase) => connection.connectionString;

/** The URL of a database for another user. */
function urlFor(user: string, database: TestDatabase): string {
  const url = new URL(urlOf(database));
  url.username = user;
  return url.href;
}

it('counts a session that was terminated, and a statement that failed in another way, by their kind', async () => {
  await using database = await createDatabase();
  expect(await failureOf(urlOf(database), 'SELECT pg_terminate_backend(pg_backend_pid())')).toEqual({
    code: '57P01',
    waits: [],
    statements: ['connection'],
  });
  expect(await failureOf(urlOf(database), 'SELECT pg_cancel_backend(pg_backend_pid()), pg_sleep(5)')).toMatchObject({
    code: '57014',
    statements: ['57'],
  });
});

it('counts connections that a server with too many connections rejects', async () => {
  await using database = await createDatabase();
  const role = `usergraph_test_${randomUUID().replaceAll('-', '')}`;
  await database.db.$executeRawUnsafe(`CREATE ROLE ${role} LOGIN CONNECTION LIMIT 0`);
  try {
    const failure = await failureOf(urlFor(role, database));
    expect(failure).toEqual({ code: '53300', waits: ['connection'], statements: [] });
  } finally {
    await database.db.$executeRawUnsafe(`DROP ROLE ${role}`);
  }
});

it('counts connections to a port on which nothing listens', async () => {
  const server = createServer();
  const port = await listenOnFreePort(server);
  await once(server.close(), 'close');
  const failure = await failureOf(`postgresql://user@127.0.0.1:${port}/database`);
  expect(failure).toEqual({ code: 'ECONNREFUSED', waits: ['connection'], statements: [] });
});

it('counts rejected users and databases by their class, since another attempt would fail as well', async () => {
  await using database = await createDatabase();
  const ofDatabase = await failureOf(databaseUrl(urlOf(database), 'absent'));
  expect(ofDatabase).toEqual({ code: '3D000', waits: ['3D'], statements: [] });
  const ofUser = await failureOf(urlFor('absent', database));
  expect(ofUser).toEqual({ code: '28000', waits: ['28'], statements: [] });
});
