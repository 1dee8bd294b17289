import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import { DEFAULT_TIMEOUTS, openDatabase as openClient } from '../../../src/db/client.ts';
import { adviceFor, CONVERSION_CHECK } from '../../../src/db/errors.ts';
import { createIndex, dropIndex } from '../../../src/db/indexes/manage.ts';
import { abandonConversion, partitionEvents } from '../../../src/db/partitions/convert.ts';
import { createPartitionsAhead, NOT_ANALYZED, readLockWarning } from '../../../src/db/partitions/create.ts';
import { monthName, startOfMonth } from '../../../src/db/partitions/months.ts';
import { changePartitions } from '../../../src/db/partitions/session.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { lockTableSql } from '../../../src/db/short-transaction.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { maintainPartitions } from '../../../src/domain/events/partitions.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { createDatabase, type TestDatabase } from '../../kit/database.ts';
import { creation } from '../../kit/indexes.ts';
import {
  begin,
  firstPartition,
  forgetStatistics,
  itUnlessPartitioned,
  leaveConversion,
  openUnanalyzed,
} from '../../kit/partitions.ts';
import { createRole } from '../../kit/role.ts';

const openDatabase = (poolSize = 1) => createDatabase({ poolSize, isDirect: true });

/** The session of a client with one connection. */
const pidOf = async ({ db }: TestDatabase) => (await db.query<unknown[]>`SELECT pg_backend_pid() AS pid`)[0];

const checkOf = ({ db }: TestDatabase) => db.query<unknown[]>`
  SELECT conname FROM pg_constraint WHERE conrelid = 'events'::regclass AND conname = ${CONVERSION_CHECK}::text`;

itUnlessPartitioned(
  'removes the check of a conversion although workspaces are locked, and names who locks them',
  async () => {
    await using test = await openDatabase();
    await leaveConversion(test.db, new Date(0));
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
    lockTableSql('workspaces', 'SHARE'),
    "CREATE TABLE probe AS SELECT current_setting('synchronous_commit') AS commit",
    'SELECT pg_sleep(0.02)',
    lockTableSql('events', 'SHARE'),
    "ALTER TABLE probe ADD wait text DEFAULT current_setting('lock_timeout')",
  ]);
  const [probe] = await test.db.query<{ commit: string; wait: string }[]>`SELECT commit, wait FROM probe`;
  expect(probe?.commit).toBe('local');
  expect(Number.parseInt(probe?.wait ?? '', 10)).toBeLessThanOrEqual(20);
});

itUnlessPartitioned('keeps its connection after a lock conflict', async () => {
  await using test = await openDatabase();
  const before = await pidOf(test);
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  const changed = changePartitions(test.db, 'test', () => ['LOCK TABLE events IN ACCESS EXCLUSIVE MODE']);
  setTimeout(() => void holder.query('COMMIT'), 200);
  expect(await changed).toBe(true);
  expect(await pidOf(test)).toEqual(before);
});

itUnlessPartitioned('reports why a connection broke, not that it cannot roll back', async () => {
  await using test = await openDatabase();
  await expect(
    changePartitions(test.db, 'test', () => ['SELECT pg_terminate_backend(pg_backend_pid())']),
  ).rejects.toThrow('terminating connection due to administrator command');
  expect(await changePartitions(test.db, 'test', () => [])).toBe(true);
});

itUnlessPartitioned('rejects events without a partition, and keeps the connection', async () => {
  await using test = await openDatabase();
  const { db } = test;
  const workspace = await createWorkspace(db, 'Partitions');
  const actor = actorOf({ workspaceId: workspace.id });
  await createUser(db, actor, { uid: 'ada' });
  const add = () => addEvent(db, actor, { uid: 'ada', name: 'Paid' }).then(String, adviceFor);
  await leaveConversion(test.db, new Date('2026-01-01'));
  const before = await pidOf(test);
  expect(await add()).toMatch(/^the check of an interrupted partitioning rejects .* partitions abandon/);
  expect(await readPartitionState(db)).toMatchObject({ rejectedFrom: new Date('2026-01-01') });
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  expect((await maintainPartitions(db, 0)).problem).toMatch(
    /rejects events from 2026-01-01 on: run npm run cli -- partitions abandon\.$/,
  );
  await holder.query('COMMIT');
  await partitionEvents(db);
  const { name } = await firstPartition(db);
  await db.$executeRawUnsafe(`ALTER TABLE events DETACH PARTITION "${name}"`);
  expect(await add()).toMatch(/^events has no partition for this month/);
  expect(await readPartitionState(db)).toMatchObject({ rejectedFrom: undefined });
  expect(await pidOf(test)).toEqual(before);
});

itUnlessPartitioned(
  'keeps indexes, keys, privileges, statistics and disabled triggers with unusual names',
  async () => {
    await using test = await openDatabase();
    const { db } = test;
    const long = 'events_'.padEnd(62, 'x');
    for (const sql of [
      'CREATE INDEX "by ""name""" ON events (name)',
      `CREATE INDEX "${long}1" ON events (name, id)`,
      `CREATE INDEX "${long}2" ON events (name, user_id)`,
      'ALTER TABLE events ADD CONSTRAINT "unique ids" UNIQUE (id)',
      'CREATE STATISTICS correlation ON user_id, name FROM events',
      'GRANT SELECT (name) ON events TO PUBLIC',
      'CREATE FUNCTION ignore() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN new; END $$',
      'CREATE TRIGGER "ignore ""it""" BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION ignore()',
      'ALTER TABLE events DISABLE TRIGGER "ignore ""it"""',
    ])
      await db.$executeRawUnsafe(sql);
    const read = () => db.query<unknown[]>`/* readShape */
    SELECT replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') AS text FROM pg_index WHERE indrelid = 'events'::regclass
    UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'events'::regclass
    UNION ALL SELECT format('%s %s', tgname, tgenabled) FROM pg_trigger WHERE tgrelid = 'events'::regclass AND NOT tgisinternal
    UNION ALL SELECT attname || attacl::text FROM pg_attribute WHERE attrelid = 'events'::regclass AND attacl IS NOT NULL
    UNION ALL SELECT stxkind::text || stxkeys::text FROM pg_statistic_ext WHERE stxrelid = 'events'::regclass
    ORDER BY text`;
    const shape = await read();
    expect(await partitionEvents(db)).toBeDefined();
    expect(await read()).toEqual(shape);
  },
);

itUnlessPartitioned.each([
  ['CREATE UNIQUE INDEX names ON events (workspace_id, name)', 'the unique index names does not contain the column id'],
  [
    'ALTER TABLE events ADD CONSTRAINT x EXCLUDE USING btree (name WITH =)',
    'the exclusion constraint x does not contain',
  ],
  ['CREATE RULE quiet AS ON DELETE TO events DO INSTEAD NOTHING', 'it has the rule quiet'],
  ['CREATE POLICY own ON events', 'it has the policy own'],
  [
    'CREATE PUBLICATION everything FOR ALL TABLES',
    'the publication everything would contain partitions under their own names',
  ],
  [
    'CREATE FUNCTION count_all() RETURNS bigint BEGIN ATOMIC SELECT count(*) FROM events; END',
    'the function count_all() refers to it',
  ],
])('refuses before it changes anything: %s', async (sql, problem) => {
  await using test = await openDatabase();
  await test.db.$executeRawUnsafe(sql);
  await expect(partitionEvents(test.db)).rejects.toThrow(`events cannot be partitioned: ${problem}`);
  expect(await readPartitionState(test.db)).toMatchObject({ hasUnfinishedConversion: false });
});

itUnlessPartitioned('removes its check when it fails', async () => {
  await using test = await openDatabase();
  const months = Array.from({ length: 5 }, (_, place) => monthName(startOfMonth(new Date(), place)));
  for (const month of months) await test.db.$executeRawUnsafe(`CREATE TABLE events_${month} ()`);
  await expect(partitionEvents(test.db)).rejects.toThrow('already exists');
  expect(await readPartitionState(test.db)).toMatchObject({ hasUnfinishedConversion: false, partitions: undefined });
});

itUnlessPartitioned(
  'creates and drops an index of partitions without blocking writers behind a long transaction',
  async () => {
    await using test = await openDatabase(2);
    // As the command, which waits for locks for a day.
    const db = openClient(test.connection, { poolSize: 2, timeouts: { ...DEFAULT_TIMEOUTS, lockMs: 86_400_000 } });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => db.$disconnect());
    await partitionEvents(db);
    for (const change of [
      () => createIndex(db, 'event-properties', creation),
      () => dropIndex(db, 'event-properties'),
    ]) {
      await using holder = await begin(test, 'LOCK TABLE events IN ROW EXCLUSIVE MODE');
      const changed = change();
      let blockedMs = 0;
      for (const end = performance.now() + 1_500; performance.now() < end; await delay(20)) {
        const startedAt = performance.now();
        await test.db.query`/* lock */ DELETE FROM events WHERE false`;
        blockedMs = Math.max(blockedMs, performance.now() - startedAt);
      }
      await holder.query('COMMIT');
      expect(await changed).toBe(true);
      expect(blockedMs).toBeLessThan(500);
    }
  },
);

itUnlessPartitioned('drops the indexes of partitions that an interrupted creation has left', async () => {
  await using test = await openDatabase(2);
  const { db } = test;
  await partitionEvents(db);
  const { name } = await firstPartition(db);
  await db.$executeRawUnsafe('CREATE INDEX events_properties_idx ON ONLY events (id)');
  await db.$executeRawUnsafe(`CREATE INDEX "${name}_properties_idx" ON "${name}" (id)`);
  expect(await dropIndex(db, 'event-properties')).toBe(true);
  expect(await db.query<unknown[]>`SELECT relname FROM pg_class WHERE relname LIKE '%properties_idx'`).toEqual([]);
});

itUnlessPartitioned('analyzes a table that never was, and reports a lock that prevents it', async () => {
  await using test = await openDatabase();
  await partitionEvents(test.db);
  await using unanalyzed = await openUnanalyzed(test);
  const { db } = unanalyzed;
  await using holder = await begin(test, 'LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE');
  expect(await maintainPartitions(db, 0)).toMatchObject({ problem: NOT_ANALYZED });
  await holder.query('COMMIT');
  expect(await maintainPartitions(db, 0)).toMatchObject({ problem: undefined });
  expect(await readPartitionState(db)).toMatchObject({ lacksStatistics: false });
});

itUnlessPartitioned('reports a table that the role may not analyze', async () => {
  await using test = await openDatabase();
  await using role = await createRole(test);
  await partitionEvents(test.db);
  expect(await maintainPartitions(role.db, 0)).toMatchObject({ problem: NOT_ANALYZED });
  await forgetStatistics(test.db);
  expect(await maintainPartitions(role.db, 0)).toMatchObject({ problem: NOT_ANALYZED });
  expect(await maintainPartitions(test.db, 0)).toMatchObject({ problem: undefined });
  expect(await maintainPartitions(role.db, 0)).toMatchObject({ problem: undefined });
});

itUnlessPartitioned('warns of too few locks for its partitions', async () => {
  await using test = await openDatabase();
  await partitionEvents(test.db);
  expect(await readLockWarning(test.db)).toBeUndefined();
  await createPartitionsAhead(test.db, 60);
  expect(await readLockWarning(test.db)).toMatch(
    /^A statement can lock \d{3} partitions and indexes, and max_locks_per_transaction is /,
  );
});
