import type { DatabaseClient, Models } from '../db/client.ts';
import { makeDemoModel } from './demo/model.ts';
import type { EventRow } from './demo/rows.ts';

/** The workspace of the embedded database. */
export const demoWorkspace = {
  id: '016f5e66-e800-7000-8000-00000000de30',
  name: 'Demo',
  createdAt: new Date('2020-01-01T00:00:00Z'),
} as const;

/** The fixed key of the demo workspace. Contract, "Demo data": on the embedded database and on no other. */
export const demoCredentials = { publicKey: 'pk_demo', secret: 'sk_demo' } as const;

/**
 * Fills the demo workspace, all of it or nothing, unless it is there: the same rows on every fresh database.
 * @param createDemoKey gives the workspace its key, in the same transaction.
 * @returns whether it was filled.
 */
export async function seedDemoData(
  db: DatabaseClient,
  createDemoKey: (tx: Models, workspaceId: string) => Promise<unknown>,
): Promise<boolean> {
  // A start that finds it asks Prisma for nothing, whose engine is 28 MB.
  const [found] = await db.query<{ id: string }[]>`
    SELECT workspace_id AS id FROM workspaces WHERE workspace_id = ${demoWorkspace.id}::uuid`;
  if (found) return false;
  return db.$transaction(async (tx) => {
    const { count } = await tx.workspace.createMany({ data: [demoWorkspace], skipDuplicates: true });
    if (count === 0) return false;
    await createDemoKey(tx, demoWorkspace.id);
    await insertModel(tx, demoWorkspace.id);
    return true;
  });
}

async function insertModel(tx: Models, workspaceId: string): Promise<void> {
  const model = makeDemoModel();
  const owned = <Row extends object>(rows: readonly Row[]) => rows.map((row) => ({ workspaceId, ...row }));
  await tx.user.createMany({ data: owned(model.users) });
  await tx.device.createMany({ data: owned(model.devices) });
  await tx.list.createMany({ data: owned(model.lists) });
  await tx.listMembership.createMany({ data: owned(model.listMemberships) });
  await tx.segment.createMany({ data: owned(model.segments) });
  await tx.segmentMembership.createMany({ data: owned(model.segmentMemberships) });
  await insertEvents(tx, workspaceId, model.events);
}

/** As one parameter: thousands of rows of bound values take Prisma most of a second. */
async function insertEvents(tx: Models, workspaceId: string, events: readonly EventRow[]): Promise<void> {
  await tx.$executeRaw`
    INSERT INTO events (workspace_id, id, user_id, name, value, properties, timestamp)
    SELECT ${workspaceId}::uuid, id, "userId", name, value, properties, timestamp
    FROM jsonb_to_recordset(${JSON.stringify(events)}::jsonb)
      AS event(id uuid, "userId" uuid, name text, value jsonb, properties jsonb, timestamp timestamptz)`;
}
