import { createServer } from 'node:net';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { isConflict, isUnavailable, TransactionConflict, violates } from '../../../src/db/errors.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { listenOnFreePort } from '../../kit/free-ports.ts';
import { rowId, seedUsers } from '../../kit/seed-rows.ts';

let database: TestDatabase;
let db: DatabaseClient;
let workspaceId: string;
beforeAll(async () => {
  database = await createDatabase();
  db = database.db;
  workspaceId = (await createWorkspace(db, 'Owner')).id;
  await seedUsers({ db, workspaceId }, [1, 2]);
});
afterAll(() => database[Symbol.asyncDispose]());

/** The error of a failing promise, and its classification. */
async function classify(failing: Promise<unknown>) {
  const error: unknown = await failing.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(Error);
  return { error, conflict: isConflict(error), unavailable: isUnavailable(error) };
}

/** Terminates a session from another connection. */
async function terminate(pid: number): Promise<void> {
  const client = new Client(database.connection);
  await client.connect();
  await client.query('SELECT pg_terminate_backend($1::int)', [pid]);
  await client.end();
}

async function pidOf(one: Pick<DatabaseClient, '$queryRaw'>): Promise<number> {
  const [row] = await one.$queryRaw<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
  return row?.pid ?? 0;
}

const neither = { conflict: false, unavailable: false };
const unavailable = { conflict: false, unavailable: true };
const conflict = { conflict: true, unavailable: false };

describe('a constraint', () => {
  it('is named if a Prisma call or raw SQL violates a unique index', async () => {
    const data = { workspaceId, id: rowId(3), uid: 'u1', createdAt: new Date(), updatedAt: new Date() };
    const ofCall = await classify(db.user.create({ data }));
    const ofSql = await classify(
      db.$executeRaw`UPDATE users SET uid = 'u1' WHERE workspace_id = ${workspaceId}::uuid AND uid = 'u2'`,
    );
    for (const { error, ...is } of [ofCall, ofSql]) {
      expect(is).toEqual(neither);
      expect(violates(error, 'users_uid_unique')).toBe(true);
      expect(violates(error, 'users_pkey')).toBe(false);
    }
  });

  it('is named if it is a foreign key', async () => {
    const { error, ...is } = await classify(
      db.$executeRaw`INSERT INTO devices (workspace_id, token, user_id, platform, last_seen_at)
        VALUES (${workspaceId}::uuid, 'x', ${rowId(9)}::uuid, 'ios', now())`,
    );
    expect(is).toEqual(neither);
    expect(violates(error, 'devices_user_fkey')).toBe(true);
  });
});

describe('a conflict', () => {
  it('is a deadlock', async () => {
    const locked = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
    const lockBoth = (mine: 0 | 1) =>
      db.$transaction(async (tx) => {
        const [first, second] = mine === 0 ? ['u1', 'u2'] : ['u2', 'u1'];
        await tx.$queryRaw`SELECT 1 FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${first} FOR UPDATE`;
        locked[mine].resolve();
        await locked[1 - mine]?.promise;
        await tx.$queryRaw`SELECT 1 FROM users WHERE workspace_id = ${workspaceId}::uuid AND uid = ${second} FOR UPDATE`;
      });
    const both = await Promise.allSettled([lockBoth(0), lockBoth(1)]);
    const lost = both.filter((one) => one.status === 'rejected');
    expect(lost).toHaveLength(1);
    expect(await classify(Promise.reject(lost[0]?.reason))).toMatchObject(conflict);
  });

  it('is a serialization failure', async () => {
    const failing = db.$transaction(
      async (tx) => {
        await tx.$queryRaw`SELECT 1 FROM users`;
        await db.$executeRaw`UPDATE users SET first_name = 'x' WHERE uid = 'u1'`;
        await tx.$executeRaw`UPDATE users SET first_name = 'y' WHERE uid = 'u1'`;
      },
      { isolationLevel: 'RepeatableRead' },
    );
    expect(await classify(failing)).toMatchObject(conflict);
  });

  it('is a TransactionConflict of a domain function', async () => {
    expect(await classify(Promise.reject(new TransactionConflict()))).toMatchObject(conflict);
  });
});

describe('an unavailable database', () => {
  it('rejects the connection', async () => {
    const nowhere = openDatabase({ host: '127.0.0.1', port: 1, user: 'x', database: 'x' });
    expect(await classify(nowhere.user.findMany())).toMatchObject(unavailable);
    expect(await classify(nowhere.$queryRaw`SELECT 1`)).toMatchObject(unavailable);
    expect(await classify(nowhere.$transaction(async (tx) => tx.user.findMany()))).toMatchObject(unavailable);
  });

  it('has no socket file, or no address', async () => {
    for (const host of ['/nowhere', 'nowhere.invalid']) {
      const nowhere = openDatabase({ host, port: 1, user: 'x', database: 'x' });
      expect(await classify(nowhere.user.findMany())).toMatchObject(unavailable);
      expect(await classify(nowhere.query`SELECT 1`)).toMatchObject(unavailable);
      await nowhere.$disconnect();
    }
  });

  it('does not answer while a connection is opened', async () => {
    const silent = createServer();
    const port = await listenOnFreePort(silent);
    const timeouts = { statementMs: 1_000, lockMs: 1_000, poolWaitMs: 1_000, userQueueMs: 1_000, countMs: 1_000 };
    const nowhere = openDatabase({ host: '127.0.0.1', port, user: 'x', database: 'x' }, { poolSize: 1, timeouts });
    const startedAt = Date.now();
    const classified = await Promise.all([
      classify(nowhere.user.findMany()),
      classify(nowhere.query`SELECT 1`),
      classify(inTransaction(nowhere, (tx) => tx.query`SELECT 1`)),
    ]);
    for (const one of classified) expect(one).toMatchObject(unavailable);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    await nowhere.$disconnect();
    silent.close();
  });

  it('ends the session, in a transaction or while a statement runs', async () => {
    const one = openDatabase(database.connection, { poolSize: 1 });
    const inTransaction = one.$transaction(async (tx) => {
      await terminate(await pidOf(tx));
      await tx.$queryRaw`SELECT 1`;
    });
    expect(await classify(inTransaction)).toMatchObject(unavailable);
    const pid = await pidOf(one);
    const [whileRunning] = await Promise.all([classify(one.$queryRaw`SELECT pg_sleep(30)::text`), terminate(pid)]);
    expect(whileRunning).toMatchObject(unavailable);
    await one.$disconnect();
  });

  it('exceeds the statement timeout', async () => {
    const failing = db.$transaction(async (tx) => {
      await tx.$executeRaw`SET LOCAL statement_timeout = 1`;
      await tx.$queryRaw`SELECT pg_sleep(30)::text`;
    });
    expect(await classify(failing)).toMatchObject(unavailable);
  });

  it('has no free connection in time', async () => {
    const one = openDatabase(database.connection, { poolSize: 1 });
    const free = Promise.withResolvers<void>();
    const taken = Promise.withResolvers<void>();
    const holding = one.$transaction(async (tx) => {
      await pidOf(tx);
      taken.resolve();
      await free.promise;
    });
    await taken.promise;
    const waiting = await classify(one.$queryRaw`SELECT 1`);
    free.resolve();
    await holding;
    await one.$disconnect();
    expect(waiting).toMatchObject(unavailable);
  });
});

it.each([
  ['invalid SQL', () => db.$queryRaw`SELECT nonsense`],
  ['a division by zero', () => db.$queryRaw`SELECT 1 / 0`],
  ['an error of the application', () => Promise.reject(new Error('Connection lost my keys'))],
])('%s is neither a conflict nor an unavailable database', async (_error, fail) => {
  const { error, ...is } = await classify(fail());
  expect(is).toEqual(neither);
  expect(violates(error, 'users_uid_unique')).toBe(false);
});
