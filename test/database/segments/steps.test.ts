import { expect, it } from 'vitest';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { advanceBackfill } from '../../../src/domain/segments/backfill.ts';
import { consumeChanges } from '../../../src/domain/segments/consume.ts';
import { createSegment, updateSegment } from '../../../src/domain/segments/define.ts';
import { readNews } from '../../../src/domain/segments/leases.ts';
import { WorkspaceSegments } from '../../../src/domain/segments/workspace-segments.ts';
import { COMMAND_LINE } from '../../../src/domain/shared/actor.ts';
import { newId } from '../../../src/domain/shared/ids.ts';
import { startApp } from '../../kit/app.ts';

const named = (firstName: string) => ({ firstName: { eq: firstName } });

/** A workspace with a segment of the users named Ada, which a process has computed. */
async function startWithSegment() {
  const app = await startApp({ ownDatabase: true });
  const { db, workspaceId } = app;
  const actor = { workspaceId, actorName: COMMAND_LINE, scopes: new Set<never>() };
  const segment = await createSegment(db, actor, { name: 'Adas', where: named('Ada') });
  const segments = new WorkspaceSegments(workspaceId);
  while ((await advanceBackfill(db, segments)) !== null);
  const workerId = newId();
  await db.pool.query('UPDATE change_consumers SET owner = $2 WHERE workspace_id = $1', [workspaceId, workerId]);
  await consumeChanges(db, segments);
  return { app, db, workspaceId, actor, segment, segments, workerId };
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
  const { app, db, workspaceId, segments, workerId } = await startWithSegment();
  // await using _ = app;
  await addUser(db.pool, workspaceId, 'ada');
  expect(await readNews(db, workerId)).toMatchObject([{ hasNews: true }]);
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1, hasMore: false });
  expect(await readNews(db, workerId)).toEqual([]);
  await addUser(db.pool, workspaceId, 'eve');
  expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1 });
});

it('reads what a transaction that was in progress during a step commits later', async () => {
  const { app, db, workspaceId, segments, workerId } = await startWithSegment();
  // await using _ = app;
  const [before, during] = await Promise.all([db.pool.connect(), db.pool.connect()]);
  try {
    await before.query('BEGIN');
    await addUser(before, workspaceId, 'before');
    await addUser(db.pool, workspaceId, 'ada');
    // Begins after the changes have been read, and before the position is stored.
    const evaluated = consumeChanges(
      {
        ...db,
        query: async (...statement) => {
          const rows = await db.query(...statement);
          if (String('text' in statement[0] ? statement[0].text : statement[0].join()).includes('changesAfter')) {
            await during.query('BEGIN');
            await addUser(during, workspaceId, 'during');
          }
          return rows as never;
        },
      },
      segments,
    );
    expect(await evaluated).toMatchObject({ changes: 1, entered: 1 });
    expect(await readNews(db, workerId)).toEqual([]);
    for (const client of [during, before]) {
      await client.query('COMMIT');
      expect(await readNews(db, workerId)).toMatchObject([{ hasNews: true }]);
      expect(await consumeChanges(db, segments)).toMatchObject({ changes: 1, entered: 1 });
    }
  } finally {
    for (const client of [before, during]) client.release(true);
  }
});

it('evaluates by a definition that was changed between two steps', async () => {
  const { app, db, workspaceId, actor, segment, segments } = await startWithSegment();
  // await using _ = app;
  await addUser(db.pool, workspaceId, 'ada');
  expect(await consumeChanges(db, segments)).toMatchObject({ entered: 1 });
  await updateSegment(db, actor, { segmentId: segment.id, where: named('Eve') });
  // By another process.
  const others = new WorkspaceSegments(workspaceId);
  while ((await advanceBackfill(db, others)) !== null);
  await addUser(db.pool, workspaceId, 'eve', 'Eve');
  expect(await consumeChanges(db, segments)).toMatchObject({ entered: 1 });
});
