import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { WriteDb } from '../../../src/db/client.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { statementChannel, type Unsubscribe } from '../../../src/telemetry/channels.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { recordStatements } from '../../kit/statements.ts';

let database: TestDatabase;
const sent: string[] = [];
const reported: { label: string; seconds: number; error: unknown }[] = [];
let unsubscribe: Unsubscribe;

/** How long the commit of an odd number takes, in seconds. The commit of 0 fails. */
const COMMIT_SECONDS = 0.3;

beforeAll(async () => {
  database = await createDatabase();
  await withConnection(database.connection.connectionString, (client) =>
    client.query(`
      CREATE TABLE numbers (number integer);
      CREATE FUNCTION check_number() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.number = 0 THEN RAISE check_violation USING MESSAGE = 'zero'; END IF;
        PERFORM pg_sleep(${COMMIT_SECONDS} * (NEW.number % 2));
        RETURN NULL;
      END $$;
      CREATE CONSTRAINT TRIGGER check_number AFTER INSERT ON numbers DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION check_number();
    `),
  );
  recordStatements(database.db, ({ text }) => sent.push(text));
});
afterAll(() => database[Symbol.asyncDispose]());

beforeEach(() => {
  unsubscribe = statementChannel.subscribe({
    end: ({ label, error }, seconds) => reported.push({ label, seconds, error }),
  });
});
afterEach(() => {
  unsubscribe();
  reported.length = 0;
  sent.length = 0;
});

const insert = (number: number) =>
  inTransaction(database.db, (tx) => tx.execute`/* insertNumber */ INSERT INTO numbers VALUES (${number}::int)`);
const labels = () => reported.map(({ label }) => label);

it('reports the start and the end of a transaction, and sends nothing more', async () => {
  await insert(1);
  expect(labels()).toEqual(['begin', 'insertNumber', 'commit']);
  const [begin, statement, commit] = reported;
  expect(commit?.seconds).toBeGreaterThan(COMMIT_SECONDS);
  expect((begin?.seconds ?? 0) + (statement?.seconds ?? 0)).toBeLessThan(commit?.seconds ?? 0);
  expect(sent.filter((text) => !text.includes('insertNumber'))).toEqual(['/* begin */ BEGIN', '/* commit */ COMMIT']);
});

it('reports a commit that fails, with its label in the error', async () => {
  await expect(insert(0)).rejects.toMatchObject({ message: 'zero', statement: 'commit' });
  expect(labels()).toEqual(['begin', 'insertNumber', 'commit', 'rollback']);
  expect(reported[2]?.error).toMatchObject({ code: '23514' });
});

it('reports a rollback', async () => {
  const failed = inTransaction(database.db, async () => {
    throw new Error('This transaction fails.');
  });
  await expect(failed).rejects.toThrow('This transaction fails.');
  expect(labels()).toEqual(['begin', 'rollback']);
});

it('closes a connection whose server has become read-only', async () => {
  const pidOf = (tx: WriteDb) => tx.query<[{ pid: number }]>`/* readPid */ SELECT pg_backend_pid() AS pid`;
  const used: number[] = [];
  const write = inTransaction(database.db, async (tx) => {
    used.push((await pidOf(tx))[0].pid);
    await tx.execute`/* rejectWrites */ SET TRANSACTION READ ONLY`;
    await tx.execute`/* insertNumber */ INSERT INTO numbers VALUES (2)`;
  });
  await expect(write).rejects.toMatchObject({ code: '25006' });
  const [{ pid }] = await pidOf(database.db);
  expect(used).toHaveLength(1);
  expect(used).not.toContain(pid);
});

it('releases a connection that it closes with the error, so that the pool knows why', async () => {
  const errors: unknown[] = [];
  const record = (error: unknown) => errors.push(error);
  database.db.pool.on('release', record);
  const raise = (db: WriteDb) => db.execute`/* raise */ DO $$ BEGIN RAISE read_only_sql_transaction; END $$`;
  await expect(raise(database.db)).rejects.toThrow();
  await expect(inTransaction(database.db, raise)).rejects.toThrow();
  await database.db.query`/* succeed */ SELECT`;
  database.db.pool.off('release', record);
  const readOnly = expect.objectContaining({ code: '25006' });
  expect(errors).toEqual([readOnly, readOnly, undefined]);
});
