import type { DatabaseClient, Models } from '../db/client.ts';
import type { Prisma } from '../db/generated/client.ts';
import { generateEvents } from './demo/events.ts';
import { generateLists, generateSegments } from './demo/lists-and-segments.ts';
import { exampleEvents, exampleUser, generateDevices, generateUsers } from './demo/people.ts';
import { seededRandom } from './demo/random.ts';
import type { EventRow } from './demo/rows.ts';

/** The workspace of the embedded database. */
export const demoWorkspace = {
  id: '016f5e66-e800-7000-8000-00000000de30',
  name: 'Demo',
  createdAt: new Date('2020-01-01T00:00:00Z'),
} as const;

/** The key of the demo workspace. Only the embedded database has it (docs/contract.md, "Demo data"). */
export const demoCredentials = { publicKey: 'pk_demo', secret: 'sk_demo' } as const;

/** Maximum duration in ms: the rows take 1 to 2 s, and more than 10 s while other programs keep all cores busy. */
const INSERT_TIMEOUT_MS = 120_000;

/**
 * Inserts the demo workspace in one transaction, unless it exists. The rows are the same on every new database.
 * @param createDemoKey creates the key of the workspace in the same transaction.
 * @returns whether the workspace was inserted.
 */
export async function seedDemoData(
  db: DatabaseClient,
  createDemoKey: (tx: Models, workspaceId: string) => Promise<unknown>,
): Promise<boolean> {
  // This query does not use Prisma, so that later starts do not load its engine of 28 MB.
  const [workspace] = await db.query<{ id: string }[]>`/* hasDemoWorkspace */
    SELECT workspace_id AS id FROM workspaces WHERE workspace_id = ${demoWorkspace.id}::uuid`;
  if (workspace) return false;
  return db.$transaction(
    async (tx) => {
      const { count } = await tx.workspace.createMany({ data: [demoWorkspace], skipDuplicates: true });
      if (count === 0) return false;
      await createDemoKey(tx, demoWorkspace.id);
      await insertRows(tx, demoWorkspace.id);
      return true;
    },
    { timeout: INSERT_TIMEOUT_MS },
  );
}

/** Number of users, including the example user of the REST reference. */
const USER_COUNT = 250;

/** Generates the rows of the demo workspace. */
export function generateDemoRows() {
  const random = seededRandom(20_261_101);
  const example = exampleUser(random);
  const users = generateUsers(random, USER_COUNT - 1);
  const devices = users.flatMap((user) => generateDevices(random, user));
  const events = users.flatMap((user) => generateEvents(random, user));
  const { lists, memberships: listMemberships } = generateLists(random, users);
  const { segments, definitions, suppressions } = generateSegments(random, users, lists);
  return {
    users: [example, ...users],
    devices,
    events: [...exampleEvents(random, example.id), ...events],
    lists,
    listMemberships,
    segments,
    definitions,
    suppressions,
  };
}

async function insertRows(tx: Models, workspaceId: string): Promise<void> {
  const demo = generateDemoRows();
  const withWorkspace = <Row extends object>(rows: readonly Row[]) => rows.map((row) => ({ workspaceId, ...row }));
  await tx.user.createMany({ data: withWorkspace(demo.users) });
  await tx.device.createMany({ data: withWorkspace(demo.devices) });
  await tx.list.createMany({ data: withWorkspace(demo.lists) });
  await tx.listMembership.createMany({ data: withWorkspace(demo.listMemberships) });
  await tx.segment.createMany({ data: withWorkspace(demo.segments) });
  await tx.segmentDefinition.createMany({
    data: withWorkspace(demo.definitions).map(({ filter, ...row }) => ({
      ...row,
      filter: filter as Prisma.InputJsonObject,
    })),
  });
  await tx.segmentSuppression.createMany({ data: withWorkspace(demo.suppressions) });
  // Starts the computation of the segments (`lockDefinitions` of domain/segments/define.ts).
  await tx.$executeRaw`
    INSERT INTO change_consumers (workspace_id, name, snapshot, version)
    VALUES (${workspaceId}::uuid, 'segments', pg_current_snapshot()::text, pg_current_xact_id()::text::bigint)`;
  await insertEvents(tx, workspaceId, demo.events);
}

/** Inserts the events from one JSON parameter. Prisma needs most of a second to bind thousands of rows. */
async function insertEvents(tx: Models, workspaceId: string, events: readonly EventRow[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT ${workspaceId}::uuid, id, "userId", name, value, properties, timestamp
    FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb)
      AS event(id uuid, "userId" uuid, name text, value jsonb, properties jsonb, timestamp timestamptz)`;
}
