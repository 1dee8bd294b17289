import { setTimeout as delay } from 'node:timers/promises';
import { pino } from 'pino';
import { expect, it, vi } from 'vitest';
import { type DatabaseClient, DEFAULT_TIMEOUTS } from '../../../src/db/client.ts';
import { labelOf } from '../../../src/db/statements.ts';
import { deleteSegment } from '../../../src/domain/segments/define.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { computeSegments } from '../../../src/jobs/compute-segments.ts';
import { segmentMetrics } from '../../../src/telemetry/segment-metrics.ts';
import { actorOf } from '../../kit/actor.ts';
import { changeTriggers } from '../../kit/distribution.ts';
import { addUser } from '../../kit/factories.ts';
import { define, startWithJobs, uidsIn, write } from '../../kit/segments/workspace.ts';
import { recordStatements } from '../../kit/statements.ts';

const ADA = { firstName: { eq: 'Ada' } };
const log = pino({ level: 'silent' });

/** Runs the job on a database until the end of the test. */
function run(db: DatabaseClient): AsyncDisposable {
  const job = computeSegments(db, log);
  return { [Symbol.asyncDispose]: () => job.stop() };
}

/** The database, in which each statement with a label takes longer. */
const slow = (db: DatabaseClient, label: string, ms: number): DatabaseClient => {
  const query: DatabaseClient['query'] = async (statement, ...values) => {
    if (labelOf('text' in statement ? statement.text : statement.join('?')) === label) await delay(ms);
    return db.query(statement, ...values);
  };
  return new Proxy(db, { get: (target, key) => (key === 'query' ? query : Reflect.get(target, key)) });
};

const waitFor = <Result>(check: () => Result | Promise<Result>, timeout = 10_000) =>
  vi.waitFor(check, { timeout, interval: 20 });

it('stops reading the changes of a workspace whose last segment was deleted', async () => {
  await using app = await startWithJobs();
  await write(app, 'createUser', { uid: 'ada', firstName: 'Ada' });
  const segmentId = await define(app, ADA);
  await using _ = run(app.jobs);
  await waitFor(async () => expect(await uidsIn(app, segmentId)).toEqual(['ada']));
  await deleteSegment(app.db, actorOf(app), segmentId);
  await waitFor(async () => expect(await app.db.$queryRaw`SELECT FROM change_consumers`).toEqual([]));
  for (const table of ['segment_definitions', 'segment_memberships', 'segment_due', 'segment_suppressions']) {
    expect([table, await app.db.$queryRawUnsafe(`SELECT FROM ${table}`)]).toEqual([table, []]);
  }
  const again = await define(app, ADA);
  await waitFor(async () => expect(await uidsIn(app, again)).toEqual(['ada']));
});

it('counts what it does, and how old changes were', async () => {
  await using app = await startWithJobs();
  await write(app, 'createUser', { uid: 'ada' });
  const segmentId = await define(app, ADA);
  await using _ = run(app.jobs);
  await waitFor(async () =>
    expect(await app.db.$queryRaw`SELECT FROM segments WHERE definition_id <> id`).toHaveLength(1),
  );
  const before = segmentMetrics();
  await write(app, 'updateUser', { uid: 'ada', firstName: 'Ada' });
  await waitFor(async () => expect(await uidsIn(app, segmentId)).toEqual(['ada']));
  const after = await waitFor(() => {
    const metrics = segmentMetrics();
    expect(metrics.usergraph_segments_entered_total).toBe(before.usergraph_segments_entered_total + 1);
    return metrics;
  });
  expect(after.usergraph_segments_changes_total).toBeGreaterThan(before.usergraph_segments_changes_total);
  const [lag, lagBefore] = [after.usergraph_segments_lag_seconds, before.usergraph_segments_lag_seconds];
  expect(lag.count).toBeGreaterThan(lagBefore.count);
  expect(lag.buckets.get(30)).toBe(lag.count);
  expect(lag.sum - lagBefore.sum).toBeLessThan(10);
  await waitFor(() =>
    expect(segmentMetrics()).toMatchObject({
      usergraph_segments_backlog_workspaces: 0,
      usergraph_segments_computing_workspaces: 0,
    }),
  );
});

it('keeps its workspaces while a round of steps takes longer than the registration lasts', async () => {
  await using app = await startWithJobs();
  const places = [];
  for (let place = 0; place < 5; place += 1) {
    const { id: workspaceId } = await createWorkspace(app.db, 'Segments');
    places.push({ db: app.db, workspaceId });
  }
  const ids: { place: (typeof places)[number]; segmentId: string }[] = [];
  for (const place of places) {
    await addUser(place, { uid: 'ada', firstName: 'Ada' });
    ids.push({ place, segmentId: await define(place, ADA) });
  }
  await using _ = run(slow(app.jobs, 'readNextUsersOfSegments', 300));
  await waitFor(async () => expect(await app.db.$queryRaw`SELECT FROM segment_workers`).toHaveLength(1));
  const areComputed = async () => {
    const computed = await Promise.all(ids.map(({ place, segmentId }) => uidsIn(place, segmentId)));
    return computed.every((uids) => uids.length === 1);
  };
  let lapses = 0;
  while (!(await areComputed())) {
    const [row] = await app.db.$queryRaw<
      { lapsed: boolean }[]
    >`SELECT expires_at < now() AS lapsed FROM segment_workers`;
    if (row?.lapsed) lapses += 1;
    await delay(20);
  }
  expect(lapses).toBe(0);
});

it('writes nothing for a workspace in which nothing happens, and reads three statements at a time', async () => {
  await using app = await startWithJobs();
  await addUser(app, { uid: 'ada', firstName: 'Ada' });
  const segmentId = await define(app, { or: [ADA, { createdAt: { within: 'P1D' } }] });
  const labels: (string | undefined)[] = [];
  recordStatements(app.jobs, ({ text }) => labels.push(labelOf(text)));
  await using _ = run(app.jobs);
  await waitFor(async () => expect(await uidsIn(app, segmentId)).toEqual(['ada']));
  await delay(500);
  const rows = () => app.db.$queryRaw`
    SELECT (SELECT count(*) FROM changes)::int AS changes, (SELECT version FROM change_consumers),
      (SELECT snapshot FROM change_consumers)`;
  const before = await rows();
  labels.length = 0;
  await delay(1_500);
  expect(await rows()).toEqual(before);
  expect(new Set(labels)).toEqual(new Set(['renewSegmentWorker', 'takeSegmentWorkspaces', 'findSegmentWork']));
  // Every 50 ms, and every 300 ms.
  expect(labels.length).toBeLessThanOrEqual(30 + 2 * 6);
});

it('takes smaller steps if one exceeds the statement timeout', { timeout: 60_000 }, async () => {
  await using app = await startWithJobs({ ...DEFAULT_TIMEOUTS, statementMs: 500 });
  await changeTriggers(
    app.db,
    'CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.02); RETURN NEW; END $$',
    'CREATE TRIGGER slow BEFORE INSERT ON segment_memberships FOR EACH ROW EXECUTE FUNCTION slow()',
  );
  const live = await define(app, ADA);
  await using _ = run(app.jobs);
  await waitFor(async () =>
    expect(await app.db.$queryRaw`SELECT FROM segments WHERE definition_id <> id`).toHaveLength(1),
  );
  await Promise.all(
    Array.from({ length: 30 }, (_each, place) => write(app, 'createUser', { uid: `u${place}`, firstName: 'Ada' })),
  );
  await waitFor(async () => expect(await uidsIn(app, live)).toHaveLength(30), 20_000);
  const added = await define(app, { firstName: { startsWith: 'A' } });
  await waitFor(async () => expect(await uidsIn(app, added)).toHaveLength(30), 20_000);
});
