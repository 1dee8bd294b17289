import { setTimeout as delay } from 'node:timers/promises';
import { expect, vi } from 'vitest';
import { INDEX_LOCK } from '../../../src/db/advisory-locks.ts';
import { createIndex } from '../../../src/db/indexes/manage.ts';
import { abandonConversion, partitionEvents } from '../../../src/db/partitions/convert.ts';
import { detachPartition } from '../../../src/db/partitions/drop.ts';
import { DETACHED_MARK, noticeMark } from '../../../src/db/partitions/marks.ts';
import { readPartitionState } from '../../../src/db/partitions/state.ts';
import { maintainPartitions } from '../../../src/domain/events/partitions.ts';
import { createDatabase } from '../../kit/database.ts';
import { creation } from '../../kit/indexes.ts';
import { begin, firstPartition, itUnlessPartitioned, leaveConversion, openUnanalyzed } from '../../kit/partitions.ts';
import { untilWaiting } from '../../kit/until-waiting.ts';

const RETENTION = 12;

const openDatabase = (poolSize = 1) => createDatabase({ poolSize, isDirect: true });

/** A partitioned database whose first partition is old, and whose drop was announced a day ago. */
async function openWithDuePartition() {
  const test = await openDatabase(2);
  await partitionEvents(test.db);
  await test.db.$executeRawUnsafe(`DROP TABLE "${(await firstPartition(test.db)).name}"`);
  await maintainPartitions(test.db, 0);
  const mark = noticeMark({ dropAfter: new Date('2026-01-01'), retentionMonths: RETENTION });
  for (const sql of [
    "CREATE TABLE events_0 PARTITION OF events FOR VALUES FROM (MINVALUE) TO ('016fa000-0000-0000-0000-000000000000')",
    `COMMENT ON TABLE events_0 IS '${mark}'`,
  ])
    await test.db.$executeRawUnsafe(sql);
  return test;
}

itUnlessPartitioned('drops no partition whose notice is withdrawn while it waits for locks', async () => {
  await using test = await openWithDuePartition();
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  const maintained = maintainPartitions(test.db, RETENTION);
  await untilWaiting(test, 1);
  // Another gateway without a retention, between two attempts.
  await vi.waitFor(async () => {
    expect((await maintainPartitions(test.db, 0)).keptPartitions).toMatchObject([{ name: 'events_0' }]);
  });
  await holder.query('COMMIT');
  expect(await maintained).toMatchObject({ droppedPartitions: [], problem: undefined });
  expect(await firstPartition(test.db)).toMatchObject({ name: 'events_0' });
  expect(await detachPartition(test.db, 'events_0', () => false)).toBe('skipped');
  expect(await detachPartition(test.db, 'events_0')).toBe('detached');
});

itUnlessPartitioned('reports no drop that another gateway has done', async () => {
  await using test = await openWithDuePartition();
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  const maintained = maintainPartitions(test.db, RETENTION);
  await untilWaiting(test, 1);
  await holder.query(`ALTER TABLE events DETACH PARTITION events_0;
    ALTER TABLE events_0 RENAME TO events_dropped_0; COMMENT ON TABLE events_dropped_0 IS '${DETACHED_MARK}'; COMMIT`);
  expect(await maintained).toMatchObject({ droppedPartitions: [], problem: undefined });
  // The other gateway completes its drop.
  expect((await readPartitionState(test.db)).detachedTables).toMatchObject([{ name: 'events_dropped_0' }]);
});

itUnlessPartitioned('reports no conversion as abandoned that another process has locked meanwhile', async () => {
  await using test = await openDatabase(2);
  await leaveConversion(test.db, new Date(0));
  await using holder = await begin(test, 'LOCK TABLE events IN ROW SHARE MODE');
  const abandoned = abandonConversion(test.db);
  await untilWaiting(test, 1);
  await holder.query(`SELECT pg_advisory_lock(${INDEX_LOCK})`);
  await holder.query('COMMIT');
  expect(await abandoned).toBe(false);
  expect(await readPartitionState(test.db)).toMatchObject({ hasUnfinishedConversion: true });
});

itUnlessPartitioned('stops creating an index of partitions if it is interrupted between two attempts', async () => {
  await using test = await openDatabase(3);
  await partitionEvents(test.db);
  await using holder = await begin(test, 'LOCK TABLE events IN ROW EXCLUSIVE MODE');
  const interruption = new AbortController();
  const created = createIndex(test.db, 'event-properties', { ...creation, signal: interruption.signal });
  const startedAt = performance.now();
  await untilWaiting(test, 1);
  // An attempt waits for 40 ms; the pause until the next one takes 360 ms.
  await delay(100);
  interruption.abort(new Error('Interrupted.'));
  await expect(created).rejects.toThrow(/^Interrupted\.$/);
  expect(performance.now() - startedAt).toBeLessThan(10_000);
  await holder.query('COMMIT');
});

itUnlessPartitioned('does not warn if only a partition could not be analyzed', async () => {
  await using test = await openDatabase();
  await partitionEvents(test.db);
  await using unanalyzed = await openUnanalyzed(test);
  const { db } = unanalyzed;
  const { name } = await firstPartition(db);
  // As another gateway that collects statistics.
  await using holder = await begin(test, `LOCK TABLE "${name}" IN SHARE UPDATE EXCLUSIVE MODE`);
  expect(await maintainPartitions(db, 0)).toMatchObject({ problem: undefined });
  await holder.query('COMMIT');
});

itUnlessPartitioned('reports the partitions that it has created before another process takes the locks', async () => {
  await using test = await openDatabase(2);
  await partitionEvents(test.db, { ahead: 1 });
  await using holder = await begin(test, 'SELECT');
  const db = test.db.forWorkspace('');
  let transactions = 0;
  const connect = async () => {
    transactions += 1;
    if (transactions === 2) await holder.query(`SELECT pg_advisory_xact_lock(${INDEX_LOCK})`);
    return db.connections.connect();
  };
  const { createdNames } = await maintainPartitions({ ...db, connections: { ...db.connections, connect } }, 0);
  expect(createdNames).toEqual([expect.stringMatching(/^events_\d{4}_\d\d$/)]);
  expect(await readPartitionState(test.db)).toMatchObject({ lacksStatistics: false });
});
