import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { QueryTimeoutError } from '../../../src/db/errors.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { changeTriggers, resetShardViews, shardOf } from '../../kit/distribution.ts';
import { variant } from '../../kit/variant.ts';

/** Fails with a SQLSTATE, until an instant if there is one; on shards only, or only outside of them. */
const FAIL = `CREATE FUNCTION fail(state text, message text, on_shards boolean, until timestamptz) RETURNS boolean LANGUAGE plpgsql AS $$
  BEGIN
    IF (current_schema() LIKE 'usergraph_shard_%') = on_shards AND clock_timestamp() < until THEN
      RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
    END IF;
    RETURN true;
  END $$`;

describe.skipIf(!variant.distributed)('statements of a distributed database', () => {
  let database: TestDatabase;
  let db: DatabaseClient;
  /** The ids of two workspaces on different shards. */
  let ids: [string, string];

  beforeAll(async () => {
    database = await createDatabase();
    db = database.db;
    await changeTriggers(db, FAIL, 'CREATE SEQUENCE calls');
    const byShard = new Map<number | undefined, string>();
    while (byShard.size < 2) {
      const { id } = await createWorkspace(db, 'Acme');
      byShard.set(await shardOf(db, id), id);
    }
    ids = [...byShard.values()] as [string, string];
  });
  afterAll(() => database[Symbol.asyncDispose]());

  const insertUser = (on: Pick<DatabaseClient, 'execute'>, uid: string) => on.execute`/* insertUser */
    INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    VALUES (${ids[0]}::uuid, gen_random_uuid(), ${uid}, now(), now())`;
  const soon = (ms: number) => new Date(Date.now() + ms);

  it('return null for a column that is, also if it is the only one', async () => {
    const rows =
      await db.query`/* readLast */ SELECT max(uid) AS last FROM users WHERE workspace_id = ${ids[0]}::uuid AND uid = ''`;
    expect(rows).toEqual([{ last: null }]);
  });

  it('run in the order in which they were sent', async () => {
    const find = (on: Pick<DatabaseClient, 'query'>) =>
      on.query`/* findUser */ SELECT uid FROM users WHERE workspace_id = ${ids[0]}::uuid AND uid = 'ordered'`;
    // Its description is known; that of the statement before it is not.
    expect(await find(db)).toEqual([]);
    const found = await inTransaction(db, async (tx) => {
      const insert = tx.execute`/* insertOrderedUser */
        INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
        VALUES (${ids[0]}::uuid, gen_random_uuid(), 'ordered', now(), now())`;
      const [, users] = await Promise.all([insert, find(tx)]);
      return users;
    });
    expect(found).toEqual([{ uid: 'ordered' }]);
  });

  it('name tables and constraints in errors as they are called, and repeat values', async () => {
    await insertUser(db, 'order_123456');
    await expect(insertUser(db, 'order_123456')).rejects.toMatchObject({
      code: '23505',
      message: 'duplicate key value violates unique constraint "users_uid_unique"',
      detail: expect.stringMatching(/=\(.*, order_123456\) already exists/),
      constraint: 'users_uid_unique',
      table: 'users',
      where: undefined,
    });
    await expect(
      db.query`/* parse */ SELECT ${'constraint "order_123456"'}::jsonb FROM users WHERE workspace_id = ${ids[0]}::uuid`,
    ).rejects.toMatchObject({ code: '22P02', constraint: undefined, table: undefined });
  });

  describe('of queryOnce', () => {
    const settings = Prisma.raw(`current_setting('statement_timeout') AS timeout, current_setting('jit') AS jit,
      current_setting('max_parallel_workers_per_gather') AS workers, current_setting('transaction_read_only') AS "readOnly"`);
    const readSettings = () =>
      Prisma.sql`/* settings */ SELECT ${settings} FROM workspaces WHERE workspace_id = ${ids[0]}::uuid`;

    it('have settings of their own, which end with the statement', async () => {
      const [before] = await db.query<object[]>(readSettings());
      expect(await db.queryOnce(readSettings(), 1_234)).toEqual([
        { timeout: '1234ms', jit: 'off', workers: '0', readOnly: 'on' },
      ]);
      expect(await db.query(readSettings())).toEqual([before]);
    });

    it('can be the first on a shard', async () => {
      await resetShardViews(db);
      expect(await db.queryOnce(readSettings())).toHaveLength(1);
    });

    it('cannot write', async () => {
      const write = Prisma.sql`/* write */ DELETE FROM workspaces WHERE workspace_id = ${ids[0]}::uuid`;
      await expect(db.queryOnce(write)).rejects.toMatchObject({ code: '25006' });
    });

    it('are cancelled by their timeout', async () => {
      const slow = Prisma.sql`/* slow */ SELECT pg_sleep(30) FROM workspaces WHERE workspace_id = ${ids[0]}::uuid`;
      await expect(db.queryOnce(slow, 100)).rejects.toThrow(QueryTimeoutError);
    });

    it('are repeated while a node does not know that a shard has moved to it', async () => {
      const read = Prisma.sql`/* read */ SELECT 1 AS found FROM workspaces
        WHERE workspace_id = ${ids[0]}::uuid AND fail('40001', 'shard 1 of workspaces is on another node', true, ${soon(300)}::timestamptz)`;
      expect(await db.queryOnce(read)).toEqual([{ found: 1 }]);
    });
  });

  it('of all workspaces run on the other shards after an error, which is reported', async () => {
    const shard = `usergraph_shard_${await shardOf(db, ids[0])}_`;
    const renamed = db.executeAllWorkspaces`/* rename */
      UPDATE workspaces SET name = CASE WHEN starts_with(current_schema(), ${shard}) THEN (1 / (length(name) - 4))::text ELSE 'Renamed' END`;
    await expect(renamed).rejects.toMatchObject({ code: '22012' });
    const names = await db.queryAllWorkspaces<
      { id: string; name: string }[]
    >`/* readNames */ SELECT workspace_id AS id, name FROM workspaces`;
    const nameOf = new Map(names.map(({ id, name }) => [id, name]));
    expect(ids.map((id) => nameOf.get(id))).toEqual(['Acme', 'Renamed']);
  });

  it.each([
    ['08006', 1],
    ['57014', 1],
    ['55P03', 2],
    ['22012', 2],
  ])('of all workspaces are not sent again to a node that does not answer: %s', async (state, calls) => {
    await db.$executeRaw`ALTER SEQUENCE calls RESTART`;
    const read = db.queryAllWorkspaces`/* readAll */
      SELECT FROM workspaces WHERE nextval('calls') > 0 AND fail(${state}, 'failed', true, 'infinity')`;
    await expect(read).rejects.toMatchObject({ code: state });
    expect(await db.$queryRaw`SELECT last_value::int AS calls FROM calls`).toEqual([{ calls }]);
  });

  describe('of any workspace', () => {
    const find = (state: string, onShards: boolean) => db.queryAnyWorkspace<object[]>`/* findAny */
      SELECT 1 AS found FROM workspaces WHERE workspaces.workspace_id = ${ids[1]}::uuid AND fail(${state}, 'no connection', ${onShards}, 'infinity')`;

    it('run on each shard if the nodes do not all answer', async () => {
      expect(await find('08006', false)).toEqual([{ found: 1 }]);
    });

    it('fail after an error of the statement', async () => {
      await expect(find('22012', false)).rejects.toMatchObject({ code: '22012' });
    });
  });
});
