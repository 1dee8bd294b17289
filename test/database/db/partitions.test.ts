import { expect, it } from 'vitest';
import { Prisma } from '../../../src/db/generated/client.ts';
import { createIndex, dropIndex } from '../../../src/db/indexes/manage.ts';
import { readIndexStates } from '../../../src/db/indexes/state.ts';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { partitionEvents, removeConversionCheck } from '../../../src/db/partitions/convert.ts';
import { createPartitionsAhead } from '../../../src/db/partitions/create.ts';
import { dropPartitions } from '../../../src/db/partitions/drop.ts';
import { firstIdOf, instantOfId, monthsBefore } from '../../../src/db/partitions/months.ts';
import { CONVERSION_CHECK, readPartitionState } from '../../../src/db/partitions/state.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { readEvents } from '../../../src/domain/events/event.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { createDatabase } from '../../kit/database.ts';
import { creation } from '../../kit/indexes.ts';

async function openWithEvent() {
  const database = await createDatabase({ poolSize: 3 });
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

/** The columns, constraints, indexes and triggers of `events`, without the word that tells a partitioned index. */
const shapeOf = (db: Awaited<ReturnType<typeof openWithEvent>>['db']) => db.query<unknown[]>`
  SELECT 'column' AS kind, format('%s %s %s', column_name, data_type, column_default) AS text
  FROM information_schema.columns WHERE table_name = 'events'
  UNION ALL SELECT 'constraint', conname || pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = 'events'::regclass
  UNION ALL SELECT 'index', replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') FROM pg_index WHERE indrelid = 'events'::regclass AND indisvalid
  UNION ALL SELECT 'trigger', pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'events'::regclass AND NOT tgisinternal
  ORDER BY 1, 2`;

it('partitions events with the same shape, and keeps the rows', async () => {
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

it('creates missing months, and nothing twice', async () => {
  await using test = await openWithEvent();
  await partitionEvents(test.db, { ahead: 1 });
  const created = await createPartitionsAhead(test.db, 14);
  expect(created?.length).toBeGreaterThanOrEqual(12);
  expect(await createPartitionsAhead(test.db, 14)).toEqual([]);
  const { partitions = [] } = await readPartitionState(test.db);
  // Without a gap.
  for (const [place, { from }] of partitions.entries()) expect(from).toEqual(partitions[place - 1]?.to ?? null);
});

it('continues after a conversion that was interrupted before the swap', async () => {
  await using test = await openWithEvent();
  await test.db.$executeRawUnsafe(
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${firstIdOf(new Date(0))}') NOT VALID`,
  );
  await test.db.$executeRawUnsafe('CREATE TABLE events_partitioned (LIKE events) PARTITION BY RANGE (id)');
  await expect(test.add()).rejects.toMatchObject({ code: '23514' });
  expect(await partitionEvents(test.db)).toBeDefined();
  await test.add();
});

it('removes the check of an interrupted conversion', async () => {
  await using test = await openWithEvent();
  await test.db.$executeRawUnsafe(
    `ALTER TABLE events ADD CONSTRAINT ${CONVERSION_CHECK} CHECK (id < '${firstIdOf(new Date(0))}') NOT VALID`,
  );
  expect(await removeConversionCheck(test.db)).toBe(true);
  expect(await removeConversionCheck(test.db)).toBe(false);
  await test.add();
});

it('refuses what would keep referring to the existing table, and ids of the future', async () => {
  await using test = await openWithEvent();
  await test.db.$executeRawUnsafe('CREATE VIEW paid AS SELECT id FROM events');
  await expect(partitionEvents(test.db)).rejects.toThrow('events cannot be partitioned: the view paid reads it');
  await test.db.$executeRawUnsafe('DROP VIEW paid');
  await test.db.$executeRawUnsafe("UPDATE events SET id = 'ffffffff-0000-7000-8000-000000000000'");
  await expect(partitionEvents(test.db)).rejects.toThrow('which are not UUIDv7 of the time of insertion');
  expect(await readPartitionState(test.db)).toMatchObject({ hasConversionCheck: false, partitions: undefined });
});

it('drops partitions, also after an interruption', async () => {
  await using test = await openWithEvent();
  const { db } = test;
  await partitionEvents(db);
  const [first] = (await readPartitionState(db)).partitions ?? [];
  if (!first) throw new Error('There is no partition.');
  const interrupted = dropPartitions(db, [first], () => Promise.reject(new Error('killed')));
  await expect(interrupted).rejects.toThrow('killed');
  expect((await readPartitionState(db)).detached).toHaveLength(1);
  let calls = 0;
  await dropPartitions(db, [], async () => {
    calls += 1;
  });
  expect(calls).toBe(1);
  expect((await readPartitionState(db)).detached).toEqual([]);
  expect(await readEvents(db, test.workspaceId, [test.event.id])).toEqual(new Map());
});

it('reads by id only the partitions of the ids', async () => {
  await using test = await openWithEvent();
  const { db, workspaceId, event } = test;
  await partitionEvents(db, { ahead: 12 });
  const { partitions = [] } = await readPartitionState(db);
  const plan = await db.query<{ 'QUERY PLAN': string }[]>(Prisma.sql`EXPLAIN SELECT * FROM events
    WHERE workspace_id = ${workspaceId}::uuid AND id = ANY(ARRAY[${event.id}]::uuid[]) AND id BETWEEN ${event.id}::uuid AND ${event.id}::uuid`);
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  expect(partitions.filter(({ name }) => text.includes(name)).map(({ name }) => name)).toEqual([partitions[0]?.name]);
});

it('creates and drops optional indexes of a partitioned table', async () => {
  await using test = await openWithEvent();
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
  expect(instantOfId(firstIdOf(time))).toEqual(time);
  expect(firstIdOf(new Date('2026-12-01T00:00:00Z'))).toBe('01a22ee6-b000-0000-0000-000000000000');
  expect(monthsBefore(time, 1)).toEqual(new Date('2026-02-28T12:00:00Z'));
  expect(monthsBefore(time, 13)).toEqual(new Date('2025-02-28T12:00:00Z'));
});
