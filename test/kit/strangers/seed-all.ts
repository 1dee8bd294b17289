import { type Place, rowId, seedDevices, seedEvents, seedListMembers, seedSegmentMembers } from '../seed-rows.ts';
import { exportIdOf, namesOf } from './names.ts';

/** Inserts one object of each type for a number, which is part of all its texts. */
export async function seedAll(place: Place, number: number): Promise<void> {
  await seedListMembers(place, number, [number]);
  await seedSegmentMembers(place, number, [number]);
  await seedEvents(place, number, [number], `Event ${number}`);
  await seedDevices(place, [number]);
  const { db, workspaceId } = place;
  await seedDefinition(place, number);
  const app = { timeZone: `Zone/${number}`, appVersion: `Version ${number}`, appBuild: `Build ${number}` };
  const meta = { [`k${number}`]: `${number}` };
  await db.$executeRaw`
    INSERT INTO attribute_declarations (workspace_id, number, key, type, declared_at, ready_at)
    VALUES (${workspaceId}::uuid, 1, ${`k${number}`}, 'STRING', now(), now())`;
  await db.user.updateMany({
    where: { workspaceId },
    data: { firstName: `First ${number}`, lastName: `Last ${number}`, number: `+${number}${number}`, ...app, meta },
  });
  await db.list.updateMany({ where: { workspaceId }, data: { description: `About ${number}` } });
  await db.event.updateMany({ where: { workspaceId }, data: { value: `${number}`, properties: meta } });
  await db.$executeRaw`
    INSERT INTO users (workspace_id, id, uid, email, uid_updateable, created_at, updated_at)
    VALUES (${workspaceId}::uuid, gen_random_uuid(), ${`import${number}@example.com`}, ${`import${number}@example.com`},
      true, now(), now())`;
  await db.$executeRaw`
    INSERT INTO changes (workspace_id, at, key_id, action, user_id, list_id, segment_id, changed)
    VALUES (${workspaceId}::uuid, now(), ${`key-${number}`}, 'updateUser', ${rowId(number)}::uuid, ${rowId(number)}::uuid,
      ${rowId(number)}::uuid, ARRAY[${`meta.k${number}`}])`;
  await db.$executeRaw`
    INSERT INTO idempotency_keys (workspace_id, key, operation, digest, made_id, created_at)
    VALUES (${workspaceId}::uuid, ${namesOf(number).idempotencyKey}, 'addEvent', sha256('something'), gen_random_uuid(), now())`;
  await seedJobs(place, number);
}

/** A completed import and a completed export, with their files. */
async function seedJobs({ db, workspaceId }: Place, number: number): Promise<void> {
  await db.$executeRaw`
    INSERT INTO transfer_jobs (workspace_id, id, kind, state, key_id, is_stored, rejected, download_token, created_at, completed_at)
    VALUES
      (${workspaceId}::uuid, ${rowId(number)}::uuid, 'importUsers', 'completed', ${`key-${number}`}, true, ${number}, NULL, now(), now()),
      (${workspaceId}::uuid, ${exportIdOf(number)}::uuid, 'exportUsers', 'completed', 'cli', true, 0, ${`token-${number}`}, now(), now())`;
  await db.$executeRaw`
    INSERT INTO transfer_chunks (workspace_id, job_id, part, number, data)
    VALUES
      (${workspaceId}::uuid, ${rowId(number)}::uuid, 'rejected', 0, ${Buffer.from(`{"line":${number},"errors":[],"record":{}}`)}),
      (${workspaceId}::uuid, ${exportIdOf(number)}::uuid, 'output', 0, ${Buffer.from(`${number}`)})`;
}

/** Gives a filter to the segment of a number, a suppression, and an instant at which its member is evaluated. */
async function seedDefinition({ db, workspaceId }: Place, number: number): Promise<void> {
  const filter = JSON.stringify({ meta: [{ key: `k${number}`, string: { eq: `${number}` } }] });
  const id = rowId(number);
  await db.segment.updateMany({ where: { workspaceId }, data: { description: `About ${number}` } });
  await db.$executeRaw`
    INSERT INTO segment_definitions (workspace_id, id, segment_id, filter, created_at, completed_at)
    VALUES (${workspaceId}::uuid, ${id}::uuid, ${id}::uuid, ${filter}::jsonb, now(), now())`;
  await db.$executeRaw`
    INSERT INTO segment_suppressions (workspace_id, segment_id, user_id) VALUES (${workspaceId}::uuid, ${id}::uuid, ${id}::uuid)`;
  await db.$executeRaw`
    INSERT INTO segment_due (workspace_id, user_id, definition_id, due_at)
    VALUES (${workspaceId}::uuid, ${id}::uuid, ${id}::uuid, now())`;
  await db.$executeRaw`
    INSERT INTO change_consumers (workspace_id, name, snapshot) VALUES (${workspaceId}::uuid, 'segments', '1:1:')`;
}

const tables = [
  'users',
  'attribute_values',
  'attribute_declarations',
  'devices',
  'lists',
  'list_memberships',
  'segments',
  'segment_memberships',
  'segment_definitions',
  'segment_suppressions',
  'segment_due',
  'change_consumers',
  'events',
  'user_activity',
  'user_deletions',
  'idempotency_keys',
  'changes',
  'transfer_jobs',
  'transfer_chunks',
];

/** All rows of a workspace, as text. */
export async function rowsOf({ db, workspaceId }: Place): Promise<string[]> {
  const ofTables = tables.map((table) =>
    db.$queryRawUnsafe<{ row: string }[]>(
      `SELECT t::text AS row FROM ${table} t WHERE workspace_id = $1::uuid ORDER BY 1`,
      workspaceId,
    ),
  );
  return (await Promise.all(ofTables)).flat().map(({ row }) => row);
}
