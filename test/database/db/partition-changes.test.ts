import { Client } from 'pg';
import { expect, it } from 'vitest';
import { adviceFor, CONVERSION_CHECK } from '../../../src/db/errors.ts';
import { abandonConversion, partitionEvents, readRejectedFrom } from '../../../src/db/partitions/convert.ts';
import { firstIdOf } from '../../../src/db/partitions/months.ts';
import { changePartitions } from '../../../src/db/partitions/session.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { maintainPartitions } from '../../../src/domain/events/partitions.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { variant } from '../../kit/variant.ts';

/** They partition a table themselves. */
const itUnlessPartitioned = it.skipIf(variant.partitioned);

const openDatabase = (poolSize = 1) => createDatabase({ poolSize, isDirect: true });

/** Opens a transaction in a session of its own. */
async function begin({ connection }: TestDatabase, statement: string) {
  const client = new Client(connection);
  await client.connect();
  await client.query(`BEGIN; ${statement}`);
  return Object.assign(client, { [Symbol.asyncDispose]: () => client.end() });
}

/** What a conversion that was killed before the swap leaves. @param until events from then on are rejected. */
async function leaveConversion({ db }: TestDatabase, until: Date): Promise<void> {
  await db.$executeRawUnsafe(
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${firstIdOf(until)}') NOT VALID`,
  );
  await db.$executeRawUnsafe('CREATE TABLE events_partitioned (LIKE events) PARTITION BY RANGE (id)');
  await db.$executeRawUnsafe(
    'ALTER TABLE events_partitioned ADD FOREIGN KEY (workspace_id) REFERENCES workspaces (workspace_id)',
  );
}

const checkOf = ({ db }: TestDatabase) => db.query<unknown[]>`
  SELECT conname FROM pg_constraint WHERE conrelid = 'events'::regclass AND conname = ${CONVERSION_CHECK}::text`;

itUnlessPartitioned(
  'removes the check of a conversion although workspaces are locked, and names who locks them',
  async () => {
    await using test = await openDatabase();
    await leaveConversion(test, new Date(0));
    await using holder = await begin(test, 'LOCK TABLE workspaces IN ROW SHARE MODE');
    const pid = (await holder.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid;
    await expect(abandonConversion(test.db)).rejects.toThrow(
      new RegExp(
        `^Other transactions held locks on events or workspaces for \\d s: pid ${pid} \\(RowShareLock on workspaces\\)\\.`,
      ),
    );
    expect(await checkOf(test)).toEqual([]);
    await holder.query('COMMIT');
    expect(await abandonConversion(test.db)).toBe(true);
    expect(await readPartitionState(test.db)).toMatchObject({ hasUnfinishedConversion: false });
  },
);

itUnlessPartitioned('creates nothing in a schema of the role', async () => {
  await using test = await openDatabase();
  await test.db.$executeRawUnsafe('CREATE SCHEMA AUTHORIZATION CURRENT_USER');
  expect(await partitionEvents(test.db)).toBeDefined();
  expect(
    await test.db.query<unknown[]>`/* readSchemas */ SELECT DISTINCT relnamespace::regnamespace::text AS schema
    FROM pg_class WHERE relname LIKE 'events%'`,
  ).toEqual([{ schema: 'public' }]);
  const [path] = await test.db.query<unknown[]>`SELECT current_setting('search_path') AS path`;
  expect(path).toEqual({ path: '"$user", public' });
});

itUnlessPartitioned('waits 40 ms for all locks of a step, and for no standby', async () => {
  await using test = await openDatabase();
  await partitionEvents(test.db);
  await changePartitions(test.db, 'test', () => [
    'LOCK TABLE workspaces IN SHARE MODE',
    "CREATE TABLE probe AS SELECT current_setting('synchronous_commit') AS commit",
    'SELECT pg_sleep(0.02)',
    'LOCK TABLE events IN SHARE MODE',
    "ALTER TABLE probe ADD wait text DEFAULT current_setting('lock_timeout')",
  ]);
  const [probe] = await test.db.query<{ commit: string; wait: string }[]>`SELECT commit, wait FROM probe`;
  expect(probe?.commit).toBe('local');
  expect(Number.parseInt(probe?.wait ?? '', 10)).toBeLessThanOrEqual(20);
});

itUnlessPartitioned('keeps its connection after a lock conflict', async () => {
  await using test = await openDatabase();
  const pidOf = async () => (await test.db.query<unknown[]>`SELECT pg_backend_pid() AS pid`)[0];
  const before = await pidOf();
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  const changed = changePartitions(test.db, 'test', () => ['LOCK TABLE events IN ACCESS EXCLUSIVE MODE']);
  setTimeout(() => void holder.query('COMMIT'), 200);
  expect(await changed).toBe(true);
  expect(await pidOf()).toEqual(before);
});

itUnlessPartitioned('rejects events without a partition, and keeps the connection', async () => {
  await using test = await openDatabase();
  const { db } = test;
  const pidOf = async () => (await db.query<unknown[]>`SELECT pg_backend_pid() AS pid`)[0];
  const workspace = await createWorkspace(db, 'Partitions');
  const actor = actorOf({ workspaceId: workspace.id });
  await createUser(db, actor, { uid: 'ada' });
  const add = () => addEvent(db, actor, { uid: 'ada', name: 'Paid' }).then(String, adviceFor);
  await leaveConversion(test, new Date('2026-01-01'));
  const before = await pidOf();
  expect(await add()).toMatch(/^the check of an interrupted partitioning rejects .* partitions abandon/);
  expect(await readRejectedFrom(db)).toEqual(new Date('2026-01-01'));
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  expect((await maintainPartitions(db, 0)).problem).toMatch(
    /rejects events from 2026-01-01 on: run npm run cli -- partitions abandon\.$/,
  );
  await holder.query('COMMIT');
  await partitionEvents(db);
  const [first] = (await readPartitionState(db)).partitions ?? [];
  await db.$executeRawUnsafe(`ALTER TABLE events DETACH PARTITION "${first?.name}"`);
  expect(await add()).toMatch(/^events has no partition for this month/);
  expect(await readRejectedFrom(db)).toBeUndefined();
  expect(await pidOf()).toEqual(before);
});
