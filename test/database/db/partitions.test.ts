import { Client, type ClientConfig } from 'pg';
import { expect, it } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { CONVERSION_CHECK } from '../../../src/db/errors.ts';
import { createIndex, dropIndex } from '../../../src/db/indexes/manage.ts';
import { readIndexStates } from '../../../src/db/indexes/state.ts';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { abandonConversion, partitionEvents } from '../../../src/db/partitions/convert.ts';
import { createPartitionsAhead } from '../../../src/db/partitions/create.ts';
import { detachPartition, dropDetachedTables } from '../../../src/db/partitions/drop.ts';
import { idBoundOf, instantOfId, monthsBefore } from '../../../src/db/partitions/months.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { labelOf } from '../../../src/db/statements.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { readEvents } from '../../../src/domain/events/event.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { createDatabase } from '../../kit/database.ts';
import { creation } from '../../kit/indexes.ts';
import { firstPartition, itUnlessPartitioned, leaveCheck, leaveConversion } from '../../kit/partitions.ts';
import { recordStatements, type Statement } from '../../kit/statements.ts';

async function openWithEvent(poolSize = 1) {
  const database = await createDatabase({ poolSize, isDirect: true });
  const { db } = database;
  const workspace = await createWorkspace(db, 'Partitions');
  const actor = actorOf({ workspaceId: workspace.id });
  await createUser(db, actor, { uid: 'ada' });
  const add = () => addEvent(db, actor, { uid: 'ada', name: 'Paid' });
  return {
    ...database,
    workspaceId: workspace.id,
    add,
    event: await add(),
    [Symbol.asyncDispose]: database[Symbol.asyncDispose],
  };
}

async function connectTo({ connection }: { connection: ClientConfig }, stack: AsyncDisposableStack): Promise<Client> {
  const client = stack.adopt(new Client(connection), (open) => open.end());
  await client.connect();
  return client;
}

/** The columns, constraints, indexes and triggers of `events`, without the word that tells a partitioned index. */
const shapeOf = (db: Awaited<ReturnType<typeof openWithEvent>>['db']) => db.query<unknown[]>`
  SELECT 'column' AS kind, format('%s %s %s', column_name, data_type, column_default) AS text
  FROM information_schema.columns WHERE table_name = 'events'
  UNION ALL SELECT 'constraint', conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'events'::regclass
  UNION ALL SELECT 'index', replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index WHERE indrelid = 'events'::regclass AND indisvalid
  UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'events'::regclass AND NOT tgisinternal
  ORDER BY 1, 2`;

itUnlessPartitioned('partitions events with the same shape, and keeps the rows', async () => {
  await using test = await openWithEvent();
  const { db, workspaceId, add, event } = test;
  const shape = await shapeOf(db);
  const conversion = await partitionEvents(db);
  expect(conversion?.name).toMatch(/^events_until_\d{4}_\d\d$/);
  expect(await shapeOf(db)).toEqual(shape);
  const later = await add();
  expect([...(await readEvents(db, workspaceId, [event.id, later.id])).keys()].sort()).toEqual([event.id, later.id]);
  const [activity] = await db.query<{ isCurrent: boolean }[]>`
    SELECT last_event_at = ${later.timestamp}::timestamptz AS "isCurrent" FROM user_activity`;
  expect(activity).toEqual({ isCurrent: true });
  expect(await partitionEvents(db)).toBeUndefined();
  expect(await migrate(test.connection)).toEqual([]);
});

itUnlessPartitioned('creates missing months, and nothing twice', async () => {
  await using test = await openWithEvent();
  await partitionEvents(test.db, { ahead: 1 });
  const { names } = await createPartitionsAhead(test.db, 14);
  expect(names.length).toBeGreaterThanOrEqual(12);
  expect(await createPartitionsAhead(test.db, 14)).toEqual({ names: [], isComplete: true });
  const { partitions = [] } = await readPartitionState(test.db);
  // Without a gap.
  for (const [place, { from }] of partitions.entries()) expect(from).toEqual(partitions[place - 1]?.to ?? null);
});

itUnlessPartitioned('continues after a conversion that was interrupted before the swap', async () => {
  await using test = await openWithEvent();
  await leaveConversion(test.db, new Date(0));
  await expect(test.add()).rejects.toMatchObject({ code: '23514' });
  expect(await partitionEvents(test.db)).toBeDefined();
  await test.add();
});

itUnlessPartitioned('waits for locks so briefly that readers behind it hardly wait', async () => {
  await using test = await openWithEvent();
  await using stack = new AsyncDisposableStack();
  const [holder, reader] = await Promise.all([connectTo(test, stack), connectTo(test, stack)]);
  await holder.query('BEGIN; SELECT FROM events LIMIT 1');
  const conversion = partitionEvents(test.db);
  let longestMs = 0;
  // As long as the transaction of the holder is open, the conversion has to try again and again.
  for (const end = performance.now() + 1_500; performance.now() < end; ) {
    const startedAt = performance.now();
    await reader.query('SELECT FROM events LIMIT 1');
    longestMs = Math.max(longestMs, performance.now() - startedAt);
  }
  await holder.query('COMMIT');
  expect(await conversion).toBeDefined();
  // The attempts wait for 40 ms; the rest is for a busy machine.
  expect(longestMs).toBeLessThan(500);
});

itUnlessPartitioned('removes the check of an interrupted conversion', async () => {
  await using test = await openWithEvent();
  await leaveCheck(test.db, new Date(0));
  expect(await abandonConversion(test.db)).toBe(true);
  expect(await abandonConversion(test.db)).toBe(false);
  await test.add();
});

itUnlessPartitioned('refuses what would keep referring to the existing table, and ids of the future', async () => {
  await using test = await openWithEvent();
  await test.db.$executeRawUnsafe('CREATE VIEW paid AS SELECT id FROM events');
  await expect(partitionEvents(test.db)).rejects.toThrow('events cannot be partitioned: the view paid reads it');
  await test.db.$executeRawUnsafe('DROP VIEW paid');
  await test.db.$executeRawUnsafe("UPDATE events SET id = 'ffffffff-0000-7000-8000-000000000000'");
  await expect(partitionEvents(test.db)).rejects.toThrow('which are not UUIDv7 of the time of insertion');
  expect(await readPartitionState(test.db)).toMatchObject({ hasUnfinishedConversion: false, partitions: undefined });
});

itUnlessPartitioned(
  'neither drops nor uses a table that only has the name of a prepared one, and names it',
  async () => {
    await using test = await openWithEvent();
    const { db } = test;
    await db.$executeRawUnsafe('CREATE TABLE events_partitioned AS SELECT 1 AS kept');
    expect(await readPartitionState(db)).toMatchObject({
      hasUnfinishedConversion: false,
      unmarkedTables: ['events_partitioned'],
    });
    await expect(partitionEvents(db)).rejects.toThrow(
      'events cannot be partitioned: there is a table events_partitioned that partitions create has not created: rename it.',
    );
    await db.$executeRawUnsafe(`ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (name <> '') NOT VALID`);
    expect(await abandonConversion(db)).toBe(true);
    expect(await db.$queryRaw`SELECT * FROM events_partitioned`).toEqual([{ kept: 1 }]);
  },
);

itUnlessPartitioned('keeps the comment of events, and leaves no mark', async () => {
  await using test = await openWithEvent();
  const { db } = test;
  const readComment = async () => {
    const [row] = await db.query<{ comment: string | null }[]>`
      SELECT obj_description('events'::regclass, 'pg_class') AS comment`;
    return row?.comment;
  };
  await db.$executeRawUnsafe("COMMENT ON TABLE events IS 'It''s ours'");
  await partitionEvents(db);
  expect(await readComment()).toBe("It's ours");
  await using plain = await openWithEvent();
  await partitionEvents(plain.db);
  expect(
    (
      await plain.db.$queryRaw<{ mark: null }[]>`
    SELECT obj_description('events'::regclass, 'pg_class') AS mark`
    )[0]?.mark,
  ).toBeNull();
});

/** Partitions events, and detaches the first partition. */
async function detachFirst({ db }: { db: DatabaseClient }): Promise<void> {
  await partitionEvents(db);
  expect(await detachPartition(db, (await firstPartition(db)).name)).toBe('detached');
}

itUnlessPartitioned('drops partitions, also after an interruption', async () => {
  await using test = await openWithEvent();
  const { db } = test;
  await detachFirst(test);
  const interrupted = dropDetachedTables(db, () => Promise.reject(new Error('killed')));
  await expect(interrupted).rejects.toThrow('killed');
  expect((await readPartitionState(db)).detachedTables).toMatchObject([{ isRecomputed: false }]);
  let calls = 0;
  await dropDetachedTables(db, async () => {
    calls += 1;
  });
  expect(calls).toBe(1);
  expect((await readPartitionState(db)).detachedTables).toEqual([]);
  expect(await readEvents(db, test.workspaceId, [test.event.id])).toEqual(new Map());
});

itUnlessPartitioned('drops only detached tables with its mark', async () => {
  await using test = await openWithEvent();
  const { db } = test;
  await partitionEvents(db);
  await db.$executeRawUnsafe('CREATE TABLE events_dropped_2020_01 AS SELECT 1 AS kept');
  expect(await readPartitionState(db)).toMatchObject({
    detachedTables: [],
    unmarkedTables: ['events_dropped_2020_01'],
  });
  expect(await dropDetachedTables(db, () => Promise.reject(new Error('called')))).toBe(true);
  expect(await db.$queryRaw`SELECT * FROM events_dropped_2020_01`).toEqual([{ kept: 1 }]);
});

itUnlessPartitioned('recomputes segments once if a view keeps a detached table, and names the view', async () => {
  await using test = await openWithEvent();
  const { db } = test;
  await detachFirst(test);
  const [table] = (await readPartitionState(db)).detachedTables;
  await db.$executeRawUnsafe(`CREATE VIEW paid AS SELECT id FROM "${table?.name}"`);
  let calls = 0;
  const drop = () =>
    dropDetachedTables(db, async () => {
      calls += 1;
    });
  for (let attempt = 0; attempt < 2; attempt += 1) {
    await expect(drop()).rejects.toThrow(/^A view or another object uses a partition: .*\(view paid depends on table /);
  }
  expect(calls).toBe(1);
  await db.$executeRawUnsafe('DROP VIEW paid');
  expect(await drop()).toBe(true);
  expect(calls).toBe(1);
});

/** The names of the partitions that a statement reads, with the plan for these values and with that for all values. */
async function partitionsRead({ db }: { db: DatabaseClient }, { text, values }: Statement): Promise<string[][]> {
  const client = await db.pool.connect();
  try {
    await client.query("SET jit TO off; SET plan_cache_mode TO 'force_custom_plan'");
    const readPlan = async (name: string) => {
      const plan = await client.query<{ 'QUERY PLAN': string }>({ name, text: `EXPLAIN (ANALYZE) ${text}`, values });
      const lines = plan.rows.map((row) => row['QUERY PLAN']).filter((line) => !line.includes('never executed'));
      return [...new Set(lines.flatMap((line) => / on (events_(?:until_)?\d{4}_\d\d)/.exec(line)?.[1] ?? []))];
    };
    const custom = await readPlan('custom');
    await client.query("SET plan_cache_mode TO 'force_generic_plan'");
    return [custom, await readPlan('generic')];
  } finally {
    client.release(true);
  }
}

itUnlessPartitioned(
  'reads by id only the partitions of the ids, with statements that a plain database does not get',
  async () => {
    await using test = await openWithEvent();
    const { workspaceId } = test;
    const db = openDatabase(test.connection, { poolSize: 1 });
    await using stack = new AsyncDisposableStack();
    stack.defer(() => db.$disconnect());
    const statements: Statement[] = [];
    recordStatements(db, (statement) => statements.push(statement));
    const ids = [test.event.id, (await test.add()).id];
    const readStatement = async () => {
      statements.length = 0;
      expect([...(await readEvents(db, workspaceId, ids)).keys()].sort()).toEqual([...ids].sort());
      const [statement] = statements.filter(({ text }) => labelOf(text) === 'readEvents');
      if (!statement) throw new Error('The statement was not sent.');
      return statement;
    };
    await db.indexes.refresh(db);
    const plain = await readStatement();
    await partitionEvents(db, { ahead: 12 });
    const { name } = await firstPartition(db);
    await db.indexes.refresh(db);
    const partitioned = await readStatement();
    expect(partitioned.values).toHaveLength(plain.values.length + 2);
    expect(plain.text).not.toContain('BETWEEN');
    expect(await partitionsRead(test, partitioned)).toEqual([[name], [name]]);
  },
);

itUnlessPartitioned('creates and drops optional indexes of a partitioned table', async () => {
  await using test = await openWithEvent(2);
  const { db } = test;
  await partitionEvents(db);
  const stateOf = async () => (await readIndexStates(db)).find(({ name }) => name === 'event-properties');
  expect(await createIndex(db, 'event-properties', creation)).toBe(true);
  expect(await stateOf()).toMatchObject({ state: 'valid' });
  await createPartitionsAhead(db, 8);
  expect(await stateOf()).toMatchObject({ state: 'valid' });
  expect(await dropIndex(db, 'event-properties')).toBe(true);
  expect(await stateOf()).toMatchObject({ state: 'missing' });
});

it('computes bounds and ages', () => {
  const time = new Date('2026-03-31T12:00:00Z');
  expect(instantOfId(idBoundOf(time))).toEqual(time);
  expect(idBoundOf(new Date('2026-12-01T00:00:00Z'))).toBe('01a22ee6-b000-0000-0000-000000000000');
  expect(monthsBefore(time, 1)).toEqual(new Date('2026-02-28T12:00:00Z'));
  expect(monthsBefore(time, 13)).toEqual(new Date('2025-02-28T12:00:00Z'));
});
