import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { QueryTimeoutError } from '../../../src/db/errors.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';

const SETTINGS = Prisma.raw(`current_setting('statement_timeout') AS timeout, current_setting('jit') AS jit,
  current_setting('max_parallel_workers_per_gather') AS workers, current_setting('transaction_read_only') AS read_only,
  pg_backend_pid() AS pid`);

interface Settings {
  timeout: string;
  jit: string;
  workers: string;
  read_only: string;
  pid: number;
}

let database: TestDatabase;
let db: ReturnType<typeof openDatabase>;

beforeAll(async () => {
  database = await createDatabase();
  db = openDatabase(database.connection, { poolSize: 1 });
});
afterAll(async () => {
  await db.$disconnect();
  await database[Symbol.asyncDispose]();
});

const settings = async () => (await db.query<Settings[]>`/* settings */ SELECT ${SETTINGS}`)[0];

describe('queryOnce', () => {
  it('runs a statement with settings that no later statement has', async () => {
    const before = await settings();
    const once = await db.queryOnce<Settings[]>(Prisma.sql`/* settings */ SELECT ${SETTINGS}`);
    expect(once).toEqual([{ timeout: '2s', jit: 'off', workers: '0', read_only: 'on', pid: before?.pid }]);
    expect(await settings()).toEqual(before);
  });

  it('returns the rows of a statement with parameters', async () => {
    const rows = await db.queryOnce(Prisma.sql`/* numbers */ SELECT n FROM generate_series(1, ${3}::int) AS n`);
    expect(rows).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it('keeps no prepared statement', async () => {
    await db.queryOnce(Prisma.sql`/* once */ SELECT ${1}::int`);
    const kept = await db.query`/* kept */ SELECT FROM pg_prepared_statements WHERE statement LIKE '/* once%'`;
    expect(kept).toEqual([]);
  });

  it('ends a statement at its timeout, and keeps the connection and its settings', async () => {
    const before = await settings();
    const slow = db.queryOnce(Prisma.sql`/* slow */ SELECT pg_sleep(${30}::int)`, 20);
    await expect(slow).rejects.toThrow(QueryTimeoutError);
    await expect(slow).rejects.toMatchObject({ statement: 'slow' });
    expect(await settings()).toEqual(before);
  });

  it('rejects writes', async () => {
    const write = db.queryOnce(Prisma.sql`/* write */ DELETE FROM workspaces WHERE name = ${'x'}`);
    await expect(write).rejects.toMatchObject({ code: '25006', statement: 'write' });
  });
});
