import { expect, it, vi } from 'vitest';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';

const [flooder, quiet, third] = ['f', 'q', 't'].map((name) => name.repeat(8)) as [string, string, string];

/** Number of active statements that contain a text. */
async function running({ db }: TestDatabase, kind: string): Promise<number> {
  const [found] = await db.query<{ count: number }[]>`
    SELECT count(*)::int AS count FROM pg_stat_activity WHERE state = 'active' AND query LIKE ${`%pg_sleep%${kind}%`}
      AND pid <> pg_backend_pid() AND datname = current_database()`;
  return found?.count ?? 0;
}

it('leaves connections free for other workspaces', async () => {
  await using database = await createDatabase({ poolSize: 9 });
  const { db } = database;
  let finished = 0;
  const sleeping = Array.from({ length: 30 }, async () => {
    await db.forWorkspace(flooder).query`SELECT pg_sleep(0.5), 'first'`;
    finished += 1;
  });
  await vi.waitFor(async () => expect(await running(database, 'first')).toBe(6));
  await db.forWorkspace(quiet).query`SELECT 1`;
  await db.forWorkspace(third).query`SELECT 1`;
  // Behind all of them, with a pool of 9, they would wait until 22 have finished.
  expect(finished).toBeLessThan(22);
  await Promise.all(sleeping);
  expect(db.pool.totalCount - db.pool.idleCount).toBe(0);
});

it('serves waiting workspaces in turn', async () => {
  await using database = await createDatabase({ poolSize: 3 });
  const { db } = database;
  const order: string[] = [];
  const query = async (workspaceId: string) => {
    await db.forWorkspace(workspaceId).query`SELECT pg_sleep(0.05)`;
    order.push(workspaceId);
  };
  await Promise.all([...Array(9).fill(flooder), ...Array(3).fill(quiet)].map(query));
  expect(order.lastIndexOf(quiet)).toBeLessThan(order.length - 2);
});

it('serves two workspaces with one connection, and returns it after errors', async () => {
  await using database = await createDatabase({ poolSize: 1 });
  const { db } = database;
  const share = db.forWorkspace(flooder);
  for (let round = 0; round < 3; round += 1)
    await expect(share.query`SELECT 1 / 0`).rejects.toThrow(/division by zero/);
  expect(db.pool.totalCount, 'the connection is kept after an error of a statement').toBe(1);
  await Promise.all([share.query`SELECT 1`, db.forWorkspace(quiet).query`SELECT 1`]);
});

it('times out after poolWaitMs', async () => {
  await using database = await createDatabase({
    poolSize: 1,
    timeouts: { statementMs: 5_000, lockMs: 2_000, userQueueMs: 2_000, poolWaitMs: 100, countMs: 1_000 },
  });
  const { db } = database;
  const slow = db.forWorkspace(flooder).query`SELECT pg_sleep(0.5)`;
  await expect(db.forWorkspace(flooder).query`SELECT 1`).rejects.toThrow('timeout exceeded when trying to connect');
  await slow;
  expect(await db.forWorkspace(flooder).query`SELECT 1 AS one`).toEqual([{ one: 1 }]);
});
