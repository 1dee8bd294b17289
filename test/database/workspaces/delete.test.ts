import { expect, it, vi } from 'vitest';
import { createKey } from '../../../src/auth/keys.ts';
import type { DatabaseClient } from '../../../src/db/client.ts';
import { declareAttribute } from '../../../src/domain/attributes/declare.ts';
import { addEvent } from '../../../src/domain/events/add.ts';
import { createUser } from '../../../src/domain/users/create.ts';
import {
  countRows,
  deleteWorkspace,
  type RowCounts,
  requestDeletion,
  workspaceTables,
} from '../../../src/domain/workspaces/delete.ts';
import { createWorkspace, listWorkspaces } from '../../../src/domain/workspaces/workspaces.ts';
import { actorOf } from '../../kit/actor.ts';
import { createDatabase } from '../../kit/database.ts';
import { changeTriggers } from '../../kit/distribution.ts';
import { rowId, seedDevices, seedEvents, seedListMembers, seedSegmentMembers } from '../../kit/seed-rows.ts';
import { tenantTables } from '../../kit/tenant-statements.ts';

const numbers = Array.from({ length: 25 }, (_, place) => place + 1);

/** A workspace with rows in every table. */
async function createFullWorkspace(db: DatabaseClient, name: string) {
  const { id: workspaceId } = await createWorkspace(db, name);
  const place = { db, workspaceId };
  await createKey(db, workspaceId, ['users:read']);
  await seedListMembers(place, 1, numbers);
  await seedListMembers(place, 2, numbers);
  await seedSegmentMembers(place, 1, numbers);
  await seedDevices(place, numbers);
  for (const user of [1, 2, 3]) {
    await seedEvents(
      place,
      user,
      numbers.map((number) => user * 1_000 + number),
    );
  }
  const actor = actorOf(place);
  for (const key of ['age', 'score']) await declareAttribute(db, actor, { key, type: 'NUMBER' });
  await db.user.updateMany({ where: { workspaceId, uid: { in: ['u1', 'u2'] } }, data: { meta: { age: 1, score: 2 } } });
  await createUser(db, actor, { uid: 'once', idempotencyKey: 'k1' });
  await addEvent(db, actor, { uid: 'once', name: 'Paid', idempotencyKey: 'k2' });
  await db.user.deleteMany({ where: { workspaceId, uid: 'u3' } });
  const [userId, segmentId] = [rowId(1), rowId(1)];
  await db.$executeRaw`
    WITH definition AS (
      INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at)
      VALUES (${workspaceId}::uuid, ${segmentId}::uuid, ${segmentId}::uuid, '{}', now())
    ), suppression AS (
      INSERT INTO segment_suppressions (workspace_id, user_id, segment_id)
      VALUES (${workspaceId}::uuid, ${userId}::uuid, ${segmentId}::uuid)
    ), job AS (
      INSERT INTO transfer_jobs (workspace_id, id, kind, state, key_id, created_at)
      VALUES (${workspaceId}::uuid, ${segmentId}::uuid, 'importUsers', 'waiting', 'cli', now())
    ), chunk AS (
      INSERT INTO transfer_chunks (workspace_id, job_id, part, number, data)
      SELECT ${workspaceId}::uuid, ${segmentId}::uuid, part, number, 'rows'
      FROM unnest(enum_range(NULL::transfer_part)) AS part CROSS JOIN generate_series(0, 1) AS number
    ), snapshot AS (
      INSERT INTO export_snapshots (workspace_id, id, heartbeat_at)
      VALUES (${workspaceId}::uuid, ${segmentId}::uuid, now())
    ), exported AS (
      INSERT INTO export_rows (workspace_id, snapshot_id, number, records, rows)
      SELECT ${workspaceId}::uuid, ${segmentId}::uuid, number, 0, '[]' FROM generate_series(0, 2) AS number
    ), due AS (
      INSERT INTO segment_due (workspace_id, user_id, definition_id, due_at)
      VALUES (${workspaceId}::uuid, ${userId}::uuid, ${segmentId}::uuid, now())
    )
    INSERT INTO change_consumers (workspace_id, name, snapshot) VALUES (${workspaceId}::uuid, 'segments', '1:1:')`;
  return workspaceId;
}

const full: RowCounts = {
  events: 76,
  changes: 4,
  idempotency_keys: 2,
  transfer_chunks: 6,
  transfer_jobs: 1,
  export_rows: 3,
  export_snapshots: 1,
  devices: 24,
  list_memberships: 48,
  segment_memberships: 24,
  segment_suppressions: 1,
  segment_due: 1,
  user_words: 25,
  attribute_values: 4,
  user_activity: 25,
  users: 25,
  attribute_declarations: 2,
  lists: 2,
  segment_definitions: 1,
  segments: 1,
  change_consumers: 1,
  user_deletions: 1,
  api_keys: 1,
};
const none = Object.fromEntries(Object.keys(full).map((table) => [table, 0]));

it('covers every table with the columns of its primary key', async () => {
  await using database = await createDatabase();
  const keys = await database.db.$queryRaw<{ name: string; columns: string[] }[]>`
    SELECT i.indrelid::regclass::text AS name, array_agg(a.attname::text ORDER BY k.place) AS columns
    FROM pg_index i
    CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place)
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum
    JOIN pg_class t ON t.oid = i.indrelid AND t.relnamespace = 'public'::regnamespace
    WHERE i.indisprimary GROUP BY i.indrelid`;
  const tables = keys.filter(({ name }) => tenantTables.has(name) && name !== 'workspaces');
  const listed = workspaceTables.map(({ name, key }) => ({ name, columns: ['workspace_id', ...Object.keys(key)] }));
  const byName = (one: { name: string }, other: { name: string }) => one.name.localeCompare(other.name);
  expect(listed.toSorted(byName)).toEqual(tables.toSorted(byName));
});

it('counts and deletes all rows in limited steps, and leaves other workspaces unchanged', async () => {
  await using database = await createDatabase({ poolSize: 1 });
  const { db } = database;
  const [id, other] = [await createFullWorkspace(db, 'Acme'), await createFullWorkspace(db, 'Other')];
  for (const stepSize of [1, 7, 24, 25, 1_000]) expect(await countRows(db, id, stepSize)).toEqual(full);
  await requestDeletion(db, id);
  const progress: [string, number][] = [];
  const onProgress = (table: string, deleted: number) => progress.push([table, deleted]);
  // Users leave no record of their deletion for the background job.
  expect(await deleteWorkspace(db, id, { settleMs: 0, stepSize: 7, onProgress })).toEqual(full);
  expect(progress.slice(0, 3)).toEqual([
    ['events', 7],
    ['events', 14],
    ['events', 21],
  ]);
  expect(await countRows(db, id)).toEqual(none);
  expect(await countRows(db, other)).toEqual(full);
  expect(await listWorkspaces(db)).toMatchObject([{ name: 'Other', deletionRequestedAt: null }]);
});

it('deletes rows that gateways write meanwhile', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const id = await createFullWorkspace(db, 'Acme');
  // A write after the first pass over the users.
  await changeTriggers(
    db,
    `CREATE FUNCTION write_late() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
        VALUES (OLD.workspace_id, gen_random_uuid(), 'late', now(), now());
      RETURN NULL;
    END $$`,
    'CREATE TRIGGER late AFTER DELETE ON api_keys FOR EACH ROW EXECUTE FUNCTION write_late()',
  );
  await requestDeletion(db, id);
  expect(await deleteWorkspace(db, id, { settleMs: 0 })).toEqual({
    ...full,
    user_words: 26,
    user_activity: 26,
    users: 26,
  });
  expect(await listWorkspaces(db)).toEqual([]);
});

it('keeps the workspace for as long as gateways may accept its keys', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const id = await createFullWorkspace(db, 'Acme');
  await requestDeletion(db, id);
  let isDone = false;
  const deleting = deleteWorkspace(db, id, { settleMs: 3_000 }).finally(() => {
    isDone = true;
  });
  await vi.waitFor(async () => expect(await countRows(db, id)).toEqual(none), { timeout: 10_000 });
  expect([isDone, await db.workspace.count()]).toEqual([false, 1]);
  await deleting;
  expect(await db.workspace.count()).toBe(0);
});

it('continues an interrupted deletion', async () => {
  await using database = await createDatabase();
  const { db } = database;
  const id = await createFullWorkspace(db, 'Acme');
  await requestDeletion(db, id);
  const first = await db.workspace.findUniqueOrThrow({ where: { id } });
  const interrupt = (table: string) => {
    if (table === 'list_memberships') throw new Error('interrupted');
  };
  await expect(deleteWorkspace(db, id, { settleMs: 0, stepSize: 5, onProgress: interrupt })).rejects.toThrow(
    'interrupted',
  );
  expect(await countRows(db, id)).toMatchObject({ events: 0, devices: 0, list_memberships: 43, users: 25 });
  await requestDeletion(db, id);
  expect(await db.workspace.findUniqueOrThrow({ where: { id } })).toEqual(first);
  expect(await deleteWorkspace(db, id, { settleMs: 0 })).toMatchObject({ events: 0, list_memberships: 43, users: 25 });
  expect(await listWorkspaces(db)).toEqual([]);
});
