import { pino } from 'pino';
import { afterEach, expect, vi } from 'vitest';
import { type DatabaseClient, openDatabase } from '../../../src/db/client.ts';
import { partitionEvents } from '../../../src/db/partitions/convert.ts';
import { detachPartition } from '../../../src/db/partitions/drop.ts';
import { noticeMark } from '../../../src/db/partitions/marks.ts';
import { idBoundOf, monthsBefore } from '../../../src/db/partitions/months.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { maintainPartitions } from '../../../src/domain/events/partitions.ts';
import { exportUser } from '../../../src/domain/transfer/export-user.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import { deleteUser } from '../../../src/domain/users/delete.ts';
import { runErasureStep } from '../../../src/domain/users/erasure.ts';
import { managePartitions } from '../../../src/jobs/manage-partitions.ts';
import { partitionChannel } from '../../../src/telemetry/channels.ts';
import { actorOf } from '../../kit/actor.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { createDatabase } from '../../kit/database.ts';
import { addUser } from '../../kit/factories.ts';
import { firstPartition, itUnlessPartitioned } from '../../kit/partitions.ts';
import { restOf } from '../../kit/rest.ts';
import { define, settle, uidsIn } from '../../kit/segments/workspace.ts';

const HOUR_MS = 3_600_000;
const RETENTION = 12;

afterEach(() => void vi.useRealTimers());

const namesOf = async (db: DatabaseClient) => (await readPartitionState(db)).partitions?.map(({ name }) => name) ?? [];

/** Partitions events in a session, which the gateway does not have behind a pooler. */
async function partition({ connection }: { connection: { connectionString: string } }): Promise<void> {
  const db = openDatabase(connection, { poolSize: 1 });
  await partitionEvents(db).finally(() => db.$disconnect());
}

/** Divides the first partition, which is empty, at these instants. The parts are `events_0`, `events_1` and so on. */
async function divideFirst(db: DatabaseClient, instants: readonly Date[]): Promise<void> {
  const first = await firstPartition(db);
  await db.$executeRawUnsafe(`DROP TABLE "${first.name}"`);
  const bounds = ['MINVALUE', ...[...instants, first.to].map((time) => `'${idBoundOf(time)}'`)];
  for (const [place, to] of bounds.slice(1).entries()) {
    await db.$executeRawUnsafe(
      `CREATE TABLE events_${place} PARTITION OF events FOR VALUES FROM (${bounds[place]}) TO (${to})`,
    );
  }
}

/** Inserts an event as if it had been added at an instant. */
async function insertEvent(
  { db, workspaceId }: { db: DatabaseClient; workspaceId: string },
  userId: string,
  time: Date,
): Promise<void> {
  await db.$executeRaw`INSERT INTO events (workspace_id, id, user_id, name, timestamp)
    VALUES (${workspaceId}::uuid, ${idBoundOf(time)}::uuid, ${userId}::uuid, 'Paid', ${time})`;
}

/** A log whose lines are collected: level and message. */
function collectLog() {
  const lines: { level: number; msg: string; partitions?: { name: string }[] }[] = [];
  return { lines, log: pino({}, { write: (line) => void lines.push(JSON.parse(line)) }) };
}

itUnlessPartitioned(
  'creates the partitions of the next months once, also in two gateways at once, with one connection each',
  async () => {
    await using database = await createDatabase({ poolSize: 1, isDirect: true });
    const { db } = database;
    expect(await maintainPartitions(db, RETENTION)).toMatchObject({ createdNames: [], problem: undefined });
    await partitionEvents(db, { ahead: 1 });
    const before = await namesOf(db);
    const other = openDatabase(database.connection, { poolSize: 1 });
    const runs = await Promise.all([db, other].map((each) => maintainPartitions(each, 0)));
    await other.$disconnect();
    const created = runs.flatMap((run) => run.createdNames);
    expect(created.length).toBeGreaterThan(0);
    expect(await namesOf(db)).toEqual([...before, ...created.sort()]);
    expect(await maintainPartitions(db, 0)).toMatchObject({ createdNames: [] });
  },
);

/** Makes the notices of drops older than a day. */
async function ageNotices(db: DatabaseClient): Promise<void> {
  for (const { name, notice } of (await readPartitionState(db)).partitions ?? []) {
    if (!notice) continue;
    const dropAfter = new Date(notice.dropAfter.getTime() - 25 * HOUR_MS);
    await db.$executeRawUnsafe(`COMMENT ON TABLE "${name}" IS '${noticeMark({ ...notice, dropAfter })}'`);
  }
}

/** A partitioned database with an event in `events_0`, which is older than the retention; `events_1` will be within a day. */
async function openWithOldEvents() {
  const app = await startApp({ ownDatabase: true, poolSize: 1 });
  await partition(app);
  const { now } = await readPartitionState(app.db);
  const old = monthsBefore(now, RETENTION);
  await divideFirst(app.db, [new Date(old.getTime() - HOUR_MS), new Date(old.getTime() + 12 * HOUR_MS)]);
  const { id } = await addUser(app, { uid: 'ada' });
  await insertEvent(app, id, new Date(old.getTime() - 2 * HOUR_MS));
  await insertEvent(app, id, now);
  return app;
}

itUnlessPartitioned('drops old partitions by the clock of the database, a day after it announced them', async () => {
  await using app = await openWithOldEvents();
  const { lines, log } = collectLog();
  const job = managePartitions(app.db, log, RETENTION, { intervalMs: 0 });
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2099-01-01') });
  for (let run = 0; run < 3; run += 1) expect(await job.step(1, 0)).toBe(false);
  expect((await namesOf(app.db)).slice(0, 3)).toEqual(['events_0', 'events_1', 'events_2']);
  await ageNotices(app.db);
  // In another process.
  await managePartitions(app.db, log, RETENTION).step(1, 0);
  vi.useRealTimers();
  expect(lines.map(({ msg, partitions }) => [msg, partitions?.map(({ name }) => name)])).toEqual([
    [
      'EVENT_RETENTION_MONTHS: these partitions of events will be dropped in a day; to keep them, raise it',
      ['events_0', 'events_1'],
    ],
    ['dropped old partitions of events; recomputing segments', ['events_0']],
  ]);
  expect((await namesOf(app.db)).slice(0, 2)).toEqual(['events_1', 'events_2']);
  expect((await readPartitionState(app.db)).detachedTables).toEqual([]);
  expect(await app.db.event.count()).toBe(1);
});

itUnlessPartitioned('drops nothing while a gateway with another retention runs', async () => {
  await using app = await openWithOldEvents();
  await maintainPartitions(app.db, RETENTION - 1);
  await ageNotices(app.db);
  const { lines, log } = collectLog();
  await managePartitions(app.db, log, 0).step(1, 0);
  expect(lines).toMatchObject([
    { msg: expect.stringContaining('are kept, although'), partitions: [{ name: 'events_0' }, { name: 'events_1' }] },
  ]);
  await maintainPartitions(app.db, RETENTION);
  await ageNotices(app.db);
  // A smaller one announces again.
  const run = await maintainPartitions(app.db, RETENTION - 1);
  expect(run).toMatchObject({
    droppedPartitions: [],
    announcedPartitions: [{ name: 'events_0' }, { name: 'events_1' }],
  });
});

itUnlessPartitioned('drops one partition in each step', async () => {
  await using database = await createDatabase({ poolSize: 1, isDirect: true });
  const { db } = database;
  await partitionEvents(db);
  await divideFirst(db, [new Date('2001-01-01'), new Date('2002-01-01')]);
  const { log } = collectLog();
  const job = managePartitions(db, log, RETENTION, { intervalMs: 0 });
  await job.step(1, 0);
  await ageNotices(db);
  expect(await job.step(1, 0)).toBe(true);
  expect((await namesOf(db))[0]).toBe('events_1');
  expect(await job.step(1, 0)).toBe(false);
  expect((await namesOf(db))[0]).toBe('events_2');
});

itUnlessPartitioned('completes an interrupted drop also without a retention', async () => {
  await using app = await openWithOldEvents();
  await detachPartition(app.db, 'events_0');
  await maintainPartitions(app.db, 0);
  expect((await readPartitionState(app.db)).detachedTables).toEqual([]);
  expect(await app.db.$queryRaw`SELECT to_regclass('events_dropped_0')::text AS table`).toEqual([{ table: null }]);
});

itUnlessPartitioned('logs an error every day while partitions end soon, and reports their end to metrics', async () => {
  await using database = await createDatabase({ poolSize: 1, isDirect: true });
  const { db } = database;
  await partitionEvents(db);
  const names = await namesOf(db);
  for (const name of names.slice(1)) await db.$executeRawUnsafe(`DROP TABLE "${name}"`);
  // The name of a missing partition is in use: they cannot be created.
  await db.$executeRawUnsafe(`CREATE TABLE "${names[1]}" ()`);
  const { now } = await readPartitionState(db);
  await db.$executeRawUnsafe(`DROP TABLE "${names[0]}"`);
  const end = new Date(now.getTime() + 29 * 24 * HOUR_MS);
  await db.$executeRawUnsafe(
    `CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('${idBoundOf(end)}')`,
  );
  const reported: unknown[] = [];
  await using stack = new AsyncDisposableStack();
  stack.defer(partitionChannel.subscribe((message) => void reported.push(message)));
  const { lines, log } = collectLog();
  const job = managePartitions(db, log, 0, { intervalMs: 0 });
  for (let run = 0; run < 2; run += 1) await job.step(1, 0);
  expect(lines.map(({ level, msg }) => [level, msg])).toEqual([
    [40, expect.stringMatching(/^cannot manage the partitions of events: .*(is in use|of the month): /)],
    [50, expect.stringContaining('new events are rejected from this instant on')],
  ]);
  expect(reported).toEqual([{ until: end }, { until: end }]);
});

itUnlessPartitioned('warns once that a retention needs partitions', async () => {
  await using database = await createDatabase({ poolSize: 1, isDirect: true });
  const { lines, log } = collectLog();
  const job = managePartitions(database.db, log, RETENTION, { intervalMs: 0 });
  for (let run = 0; run < 2; run += 1) await job.step(1, 0);
  expect(lines.map(({ msg }) => msg)).toEqual([
    expect.stringMatching(/^EVENT_RETENTION_MONTHS has no effect: events is not partitioned; /),
  ]);
});

itUnlessPartitioned('keeps a table that has the name of a prepared one', async () => {
  await using database = await createDatabase({ poolSize: 1, isDirect: true });
  await database.db.$executeRawUnsafe('CREATE TABLE events_partitioned AS SELECT 1 AS kept');
  expect(await maintainPartitions(database.db, RETENTION)).toMatchObject({ hasAbandonedConversion: false });
  expect(await database.db.$queryRaw`SELECT * FROM events_partitioned`).toEqual([{ kept: 1 }]);
});

itUnlessPartitioned('keeps everything without a retention', async () => {
  await using database = await createDatabase({ poolSize: 1, isDirect: true });
  await partitionEvents(database.db);
  await divideFirst(database.db, [new Date('2001-01-01')]);
  await maintainPartitions(database.db, 0);
  expect((await namesOf(database.db))[0]).toBe('events_0');
});

itUnlessPartitioned('recomputes segments after a drop, and keeps when users had their last event', async () => {
  await using app = await startApp({ ownDatabase: true });
  await partition(app);
  await divideFirst(app.db, [new Date('2020-01-01')]);
  const { id } = await addUser(app, { uid: 'ada' });
  const time = new Date('2019-06-01');
  await insertEvent(app, id, time);
  const segmentId = await define(app, { events: [{ name: { eq: 'Paid' } }] });
  await settle(app);
  expect(await uidsIn(app, segmentId)).toEqual(['ada']);
  const othersId = await define(app, { uid: { eq: 'bob' } });
  await settle(app);
  await createUser(app.db, actorOf(app), { uid: 'bob' });
  await maintainPartitions(app.db, RETENTION);
  await ageNotices(app.db);
  expect(await maintainPartitions(app.db, RETENTION)).toMatchObject({ droppedPartitions: [{ name: 'events_0' }] });
  // Only the one that reads events; the other one still gets the change that was pending.
  const pending = await app.db.segmentDefinition.findMany({ where: { completedAt: null } });
  expect(pending.map((definition) => definition.segmentId)).toEqual([segmentId]);
  await settle(app);
  expect(await uidsIn(app, othersId)).toEqual(['bob']);
  expect(await uidsIn(app, segmentId)).toEqual([]);
  const [activity] = await app.db.$queryRaw<{ last: Date }[]>`
    SELECT last_event_at AS last FROM user_activity WHERE user_id = ${id}::uuid`;
  expect(activity?.last).toEqual(time);
  const answer = await app.send('{ user(uid: "ada") { events { totalCount } } }');
  expect(answer.data).toEqual({ user: { events: { totalCount: 0 } } });
});

itUnlessPartitioned('logs once that the role does not own the tables', async () => {
  await using database = await createDatabase({ isDirect: true });
  const { db: owner, name } = database;
  await partitionEvents(owner, { ahead: 1 });
  const role = `guest_${name}`.slice(0, 60);
  await owner.$executeRawUnsafe(`CREATE ROLE ${role} LOGIN`);
  await owner.$executeRawUnsafe(`GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${role}`);
  const url = new URL(database.connection.connectionString);
  url.searchParams.set('options', `-c role=${role}`);
  const db = openDatabase({ connectionString: url.href }, { poolSize: 1 });
  try {
    const { lines, log } = collectLog();
    const job = managePartitions(db, log, 0, { intervalMs: 0 });
    for (let run = 0; run < 3; run += 1) await job.step(1, 0);
    expect(lines.map(({ msg }) => msg)).toEqual([
      expect.stringMatching(
        /^cannot manage the partitions of events: The role may not change the partitions of events: /,
      ),
    ]);
  } finally {
    await db.$disconnect();
    await owner.$executeRawUnsafe(`DROP OWNED BY ${role}`);
    await owner.$executeRawUnsafe(`DROP ROLE ${role}`);
  }
});

itUnlessPartitioned(
  'responds 503 to events of a month without a partition, and names the command in the log',
  async () => {
    const { lines, log } = collectLog();
    await using app = await startApp({ ownDatabase: true, log });
    await partition(app);
    const { name } = await firstPartition(app.db);
    await app.db.$executeRawUnsafe(`ALTER TABLE events DETACH PARTITION "${name}"`);
    await addUser(app, { uid: 'ada' });
    const graphql = await app.send('mutation { addEvent(input: { uid: "ada", name: "Paid" }) { __typename } }');
    expect(graphql).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'SERVICE_UNAVAILABLE', retryAfter: 1 } }],
    });
    const rest = await restOf(app).post('/users/ada/events', { event: 'Paid' });
    expect(rest).toMatchObject({ status: 503, body: { code: 'SERVICE_UNAVAILABLE' } });
    const messages = lines.filter(({ level }) => level >= 50).map(({ msg }) => msg);
    expect(messages).toEqual(
      Array.from({ length: 2 }, () => 'events has no partition for this month; run npm run cli -- partitions create'),
    );
  },
);

itUnlessPartitioned('exports and erases the events of all partitions', async () => {
  await using app = await startApp({ ownDatabase: true });
  await partition(app);
  await divideFirst(app.db, [new Date('2020-01-01'), new Date('2021-01-01')]);
  const { id } = await addUser(app, { uid: 'ada' });
  const times = ['2019-01-01', '2020-06-01', '2020-07-01', '2025-01-01'].map((day) => new Date(day));
  for (const time of times) await insertEvent(app, id, time);
  const actor = actorOf(app);
  const { events } = await exportUser(app.db, actor, 'ada');
  expect(events.map((event) => event.id)).toEqual(times.map(idBoundOf));
  await deleteUser(app.db, actor, 'ada');
  // Two processes share the work.
  while ((await atOnce(2, () => runErasureStep(app.db, 50))).some((step) => step));
  expect(await app.db.event.count()).toBe(0);
});
