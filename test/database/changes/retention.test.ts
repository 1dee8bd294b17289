import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { deleteOldChanges } from '../../../src/domain/changes/retention.ts';
import { deleteOldChangesOf } from '../../../src/jobs/delete-old-changes.ts';
import { runJobs } from '../../../src/jobs/run-jobs.ts';
import { startApp } from '../../kit/app.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { readCatalogues } from '../../kit/distribution.ts';
import { Changes } from '../../kit/operations/changes.ts';

type App = Awaited<ReturnType<typeof startApp>>;

const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

/** Inserts changes with a transaction id, which a user's entry or a caller has caused. */
async function insert(
  { db, workspaceId }: Pick<App, 'db' | 'workspaceId'>,
  action: 'enterSegment' | 'updateUser',
  rows: { days: number; xid: number; count?: number }[],
): Promise<void> {
  for (const { days, xid, count = 1 } of rows)
    await db.change.createMany({
      data: Array.from({ length: count }, () => ({ workspaceId, xid, at: daysAgo(days), keyId: `${days}`, action })),
    });
}

/** The actions and ages of a workspace's changes, in the order of the log. */
async function rest({ db, workspaceId }: Pick<App, 'db' | 'workspaceId'>): Promise<string[]> {
  const changes = await db.change.findMany({ where: { workspaceId }, orderBy: [{ xid: 'asc' }, { seq: 'asc' }] });
  return changes.map(({ action, keyId }) => `${action} ${keyId}`);
}

/** Does all steps, and returns the numbers of deleted changes. */
async function deleteAll({ db, workspaceId }: App, policy: 'log' | 'audit', days: number, stepSize?: number) {
  const deleted: number[] = [];
  for (;;) {
    const step = await deleteOldChanges(db, workspaceId, { policy, days }, stepSize);
    deleted.push(step.deleted);
    if (step.isComplete) return deleted;
  }
}

describe('deleteOldChanges', () => {
  it('deletes changes made by usergraph, or by callers, of one workspace', async () => {
    await using app = await startApp();
    const stranger = { ...app, workspaceId: app.stranger.workspaceId };
    for (const owner of [app, stranger]) {
      await insert(owner, 'enterSegment', [
        { days: 31, xid: 0 },
        { days: 31, xid: 1 },
      ]);
      await insert(owner, 'updateUser', [{ days: 31, xid: 2 }]);
      await insert(owner, 'enterSegment', [
        { days: 31, xid: 3 },
        { days: 29, xid: 4 },
      ]);
      await insert(owner, 'updateUser', [{ days: 29, xid: 5 }]);
    }
    expect(await deleteAll(app, 'log', 30)).toEqual([3]);
    expect(await rest(app)).toEqual(['updateUser 31', 'enterSegment 29', 'updateUser 29']);
    expect(await deleteAll(app, 'audit', 30)).toEqual([1]);
    expect(await rest(app)).toEqual(['enterSegment 29', 'updateUser 29']);
    expect(await rest(stranger)).toHaveLength(6);
  });

  it('keeps what a consumer has not read, however old it is', async () => {
    await using app = await startApp();
    await insert(app, 'updateUser', [
      { days: 40, xid: 10 },
      { days: 39, xid: 20 },
      { days: 38, xid: 30 },
    ]);
    await app.db.changeConsumer.create({
      data: { workspaceId: app.workspaceId, name: 'segments', snapshot: '20:40:20/20:40:20' },
    });
    expect(await deleteAll(app, 'audit', 30)).toEqual([1]);
    expect(await rest(app)).toEqual(['updateUser 39', 'updateUser 38']);
    await app.db.changeConsumer.updateMany({
      where: { workspaceId: app.workspaceId, name: 'segments' },
      data: { snapshot: '50:50:' },
    });
    expect(await deleteAll(app, 'audit', 30)).toEqual([2]);
  });

  it.each([1, 2, 3, 7])('deletes in steps of %i changes, transactions as a whole', async (stepSize) => {
    await using app = await startApp();
    await insert(app, 'enterSegment', [
      { days: 40, xid: 0, count: 4 },
      { days: 39, xid: 1, count: 1 },
      { days: 38, xid: 2, count: 5 },
      { days: 37, xid: 3, count: 1 },
      { days: 1, xid: 4, count: 3 },
    ]);
    const steps = await deleteAll(app, 'log', 30, stepSize);
    expect(steps.reduce((sum, deleted) => sum + deleted)).toBe(11);
    // A transaction is deleted by one step, and so are two that fit in one.
    for (const deleted of steps) expect(deleted).toBeLessThanOrEqual(Math.max(stepSize, 5));
    expect(steps.length).toBeGreaterThanOrEqual(stepSize === 7 ? 2 : 4);
    expect(await rest(app)).toEqual(['enterSegment 1', 'enterSegment 1', 'enterSegment 1']);
    expect(await deleteAll(app, 'log', 30, stepSize)).toEqual([0]);
  });

  it('reads no change twice', async () => {
    await using app = await startApp({ ownDatabase: true, poolSize: 1 });
    await insert(app, 'updateUser', [
      { days: 40, xid: 1, count: 3_000 },
      { days: 1, xid: 2 },
    ]);
    await app.db.$executeRaw`ANALYZE changes`;
    expect(await deleteAll(app, 'log', 30)).toEqual([0]);
    const rowsRead = async () => {
      await app.db.pool.query('SELECT pg_stat_force_next_flush()');
      const [stat] = await readCatalogues<{ read: number }>(
        app.db,
        `SELECT sum(idx_tup_fetch + seq_tup_read) AS read FROM pg_stat_user_tables WHERE relname ~ '^changes(_\\d+)?$'`,
      );
      return Number(stat?.read);
    };
    const before = await rowsRead();
    expect(await deleteAll(app, 'log', 30)).toEqual([0]);
    await vi.waitFor(async () => expect((await rowsRead()) - before).toBeGreaterThan(0));
    expect((await rowsRead()) - before).toBeLessThan(10);
  });

  it('deletes each change once if several processes run concurrently', async () => {
    await using app = await startApp({ poolSize: 8 });
    await insert(app, 'enterSegment', [
      { days: 40, xid: 0, count: 500 },
      { days: 1, xid: 4 },
    ]);
    const step = async () => (await deleteOldChanges(app.db, app.workspaceId, { policy: 'log', days: 30 }, 50)).deleted;
    let deleted = 0;
    // A step deletes nothing while another process runs one, however often it is repeated meanwhile.
    const deadline = Date.now() + 60_000;
    await atOnce(5, async () => {
      while (deleted < 500 && Date.now() < deadline) {
        const count = await step();
        deleted += count;
      }
    });
    expect(deleted).toBe(500);
    expect(await step()).toBe(0);
    expect(await rest(app)).toHaveLength(1);
  });
});

it('runs as a job over all workspaces, keeps what callers have written unless it is told otherwise, and lets cursors expire', async () => {
  await using app = await startApp({ ownDatabase: true });
  const stranger = { ...app, workspaceId: app.stranger.workspaceId };
  for (const owner of [app, stranger]) {
    await insert(owner, 'updateUser', [{ days: 31, xid: 1 }]);
    await insert(owner, 'enterSegment', [
      { days: 31, xid: 2, count: 3 },
      { days: 29, xid: 3, count: 2 },
    ]);
  }
  const oldest = (await app.run(Changes, { first: 1 })).changes;
  expect(oldest.changes).toMatchObject([{ action: 'UPDATE_USER' }]);
  const log = pino({ level: 'silent' });
  const jobs = runJobs([deleteOldChangesOf(app.db, log, { logDays: 30, auditDays: 0 })], log, 20);
  for (const owner of [app, stranger])
    await vi.waitFor(async () =>
      expect(await rest(owner)).toEqual(['updateUser 31', 'enterSegment 29', 'enterSegment 29']),
    );
  await jobs.stop();

  const { errors } = await app.send(Changes, { after: oldest.cursor });
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED' } });
  const again = (await app.run(Changes, {})).changes;
  expect(again.changes.map(({ action }) => action)).toEqual(['SEGMENT_ENTERED', 'SEGMENT_ENTERED']);
  expect((await app.run(Changes, { after: again.cursor })).changes).toMatchObject({ changes: [], hasMore: false });

  const audit = runJobs([deleteOldChangesOf(app.db, log, { logDays: 30, auditDays: 30 })], log, 20);
  await vi.waitFor(async () => expect(await rest(stranger)).toEqual(['enterSegment 29', 'enterSegment 29']));
  await audit.stop();
});
