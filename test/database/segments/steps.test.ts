import { expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { labelOf } from '../../../src/db/statements.ts';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { findWorkspacesWithWork } from '../../../src/domain/segments/leases.ts';
import { newId } from '../../../src/domain/shared/ids.ts';
import { after, define, processOf, redefine, settle, startWithJobs, uidsIn } from '../../kit/segments/workspace.ts';
import { slowStatement } from '../../kit/statements.ts';

const named = (firstName: string) => ({ firstName: { eq: firstName } });

/** A workspace with a segment of the users named Ada, which a process has computed. */
async function startWithSegment() {
  const app = await startWithJobs();
  const { db, jobs, workspaceId } = app;
  const segmentId = await define(app, named('Ada'));
  await settle(app);
  const workerId = newId();
  await db.pool.query('UPDATE change_consumers SET owner = $2 WHERE workspace_id = $1', [workspaceId, workerId]);
  const segments = processOf(app);
  await consumeChanges(db, segments);
  const hasChanges = async () =>
    (await findWorkspacesWithWork(jobs, workerId)).some((workspace) => workspace.hasChanges);
  return { app, db, workspaceId, segmentId, segments, hasChanges };
}

/** Adds a user as a writer does, with a connection whose transaction the caller can leave open. */
const addUser = (client: Pick<DatabaseClient['pool'], 'query'>, workspaceId: string, uid: string, firstName = 'Ada') =>
  client.query(
    `WITH created AS (
      INSERT INTO users (workspace_id, id, uid, first_name, created_at, updated_at)
      VALUES ($1, gen_random_uuid(), $2, $3, now(), now()) RETURNING id
    )
    INSERT INTO changes (workspace_id, at, key_id, action, user_id) SELECT $1, now(), 'test', 'createUser', id FROM created`,
    [workspaceId, uid, firstName],
  );

it('does not read the entries that a step has written', async () => {
  const { app, db, workspaceId, segments, hasChanges } = await startWithSegment();
  await using _ = app;
  await addUser(db.pool, workspaceId, 'ada');
  expect(await hasChanges()).toBe(true);
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1, hasMore: false });
  expect(await hasChanges()).toBe(false);
  await addUser(db.pool, workspaceId, 'eve');
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1 });
});

it('reads what a transaction that was in progress during a step commits later', async () => {
  const { app, db, workspaceId, segments, hasChanges } = await startWithSegment();
  await using _ = app;
  const [before, during] = await Promise.all([db.pool.connect(), db.pool.connect()]);
  try {
    await before.query('BEGIN');
    await addUser(before, workspaceId, 'before');
    await addUser(db.pool, workspaceId, 'ada');
    // Begins after the changes have been read, and before the position is stored.
    const observed = after(db, 'changesAfter', async () => {
      await during.query('BEGIN');
      await addUser(during, workspaceId, 'during');
    });
    expect(await consumeChanges(observed, segments)).toMatchObject({ changes: 1, entered: 1 });
    expect(await hasChanges()).toBe(false);
    for (const client of [during, before]) {
      await client.query('COMMIT');
      expect(await hasChanges()).toBe(true);
      expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1 });
    }
  } finally {
    for (const client of [before, during]) client.release(true);
  }
});

it('evaluates by a definition that was changed between two steps', async () => {
  const { app, db, workspaceId, segmentId, segments } = await startWithSegment();
  await using _ = app;
  await addUser(db.pool, workspaceId, 'ada');
  expect(await consumeChanges(db, segments)).toMatchObject({ entered: 1 });
  await redefine(app, segmentId, named('Eve'));
  // By another process.
  await settle(app);
  await addUser(db.pool, workspaceId, 'eve', 'Eve');
  expect(await consumeChanges(db, segments)).toMatchObject({ entered: 1 });
});

/** The database, where the search for events by their content times out. */
function withSlowSearch(db: DatabaseClient): DatabaseClient {
  const queryOnce: DatabaseClient['queryOnce'] = (statement, timeoutMs) =>
    labelOf(statement.text) === 'readDecisiveEventsByContent'
      ? db.queryOnce(slowStatement, 20)
      : db.queryOnce(statement, timeoutMs);
  return new Proxy(db, { get: (target, key) => (key === 'queryOnce' ? queryOnce : Reflect.get(target, key)) });
}

it.each(['a step', 'a backfill'])(
  'postpones a user whose events cannot be read in time, and no other one, in %s',
  async (where) => {
    await using app = await startWithJobs();
    const { db, workspaceId } = app;
    const isBackfill = where === 'a backfill';
    const defineSegment = () =>
      define(app, {
        events: [{ name: { eq: 'Paid' }, value: { number: { gt: 5 } }, count: { gte: 1 }, within: 'P30D' }],
      });
    const before = isBackfill ? undefined : await defineSegment();
    await settle(app);
    for (const uid of ['many', 'one']) await addUser(db.pool, workspaceId, uid);
    const pay = (uid: string, values: string) =>
      db.pool.query(
        `INSERT INTO events (workspace_id, id, user_id, name, value, timestamp)
        SELECT $1, gen_random_uuid(), users.id, 'Paid', to_jsonb(n), now() - n * interval '1 minute'
        FROM users CROSS JOIN ${values} AS n WHERE workspace_id = $1 AND uid = $2`,
        [workspaceId, uid],
      );
    await pay('one', 'generate_series(7, 7)');
    // The 200 newest events do not decide.
    await pay(
      'many',
      '(SELECT n FROM generate_series(1, 5) AS n CROSS JOIN generate_series(1, 60) UNION ALL SELECT 1000)',
    );
    const segmentId = before ?? (await defineSegment());
    const slow = withSlowSearch(db);
    if (isBackfill) await advanceBackfill(slow, processOf(app));
    else expect(await consumeChanges(slow, processOf(app))).toMatchObject({ changes: 2, entered: 1, postponed: 1 });
    await settle(app);
    expect(await uidsIn(app, segmentId)).toEqual(['one']);
    await settle(app, { now: new Date(Date.now() + 31_000) });
    expect(await uidsIn(app, segmentId)).toEqual(['many', 'one']);
  },
);
