import { expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { readNews } from '../../../src/domain/segments/leases.ts';
import { newId } from '../../../src/domain/shared/ids.ts';
import { after, define, processOf, redefine, settle, startWithJobs } from '../../kit/segments/workspace.ts';

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
  const hasNews = async () => (await readNews(jobs, workerId)).some((workspace) => workspace.hasNews);
  return { app, db, workspaceId, segmentId, segments, hasNews };
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
  const { app, db, workspaceId, segments, hasNews } = await startWithSegment();
  await using _ = app;
  await addUser(db.pool, workspaceId, 'ada');
  expect(await hasNews()).toBe(true);
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1, hasMore: false });
  expect(await hasNews()).toBe(false);
  await addUser(db.pool, workspaceId, 'eve');
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1 });
});

it('reads what a transaction that was in progress during a step commits later', async () => {
  const { app, db, workspaceId, segments, hasNews } = await startWithSegment();
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
    expect(await hasNews()).toBe(false);
    for (const client of [during, before]) {
      await client.query('COMMIT');
      expect(await hasNews()).toBe(true);
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
