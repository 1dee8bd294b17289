import type { Client } from 'pg';
import { createKey, listKeys } from '../../src/auth/keys.ts';
import { type DatabaseClient, openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace, listWorkspaces } from '../../src/domain/workspaces/workspaces.ts';
import { fill, isFilled } from './fill.ts';
import { connect } from './open.ts';
import { restore } from './restore.ts';

const WORKSPACE = 'usergraph benchmark';

/** The key by which usergraph is asked. */
export const credentials = { publicKey: 'pk_bench', secret: 'sk_bench' };

/**
 * Brings a database up to date and fills it, unless it is as an earlier run has left it.
 * @returns the workspace's id. @throws where the database is somebody's.
 */
export async function prepareDatabase(url: string, users: number, say: (line: string) => void): Promise<string> {
  await migrate({ connectionString: url });
  const workspaceId = await prepareWorkspace(url);
  await using client = await connect({ connectionString: url });
  await giveEventsIds(client);
  await restore(client, workspaceId);
  if (!(await isFilled(client, users))) await fill(client, workspaceId, users, say);
  return workspaceId;
}

async function prepareWorkspace(url: string): Promise<string> {
  const db = openDatabase({ connectionString: url }, { poolSize: 1 });
  try {
    const workspaceId = await findOrCreateWorkspace(db);
    const keys = await listKeys(db, workspaceId);
    if (keys.length === 0) await createKey(db, workspaceId, scopes, credentials);
    return workspaceId;
  } finally {
    await db.$disconnect();
  }
}

async function findOrCreateWorkspace(db: DatabaseClient): Promise<string> {
  const workspaces = await listWorkspaces(db);
  if (workspaces.some(({ name }) => name !== WORKSPACE)) {
    throw new Error('DATABASE_URL names a database that holds other workspaces; give the benchmark one of its own.');
  }
  const [workspace = await createWorkspace(db, WORKSPACE)] = workspaces;
  return workspace.id;
}

/** PostGraphile leaves the ids of new rows to the database; the others bring their own. Needs PostgreSQL 18. */
async function giveEventsIds(client: Client): Promise<void> {
  await client.query('ALTER TABLE events ALTER COLUMN id SET DEFAULT uuidv7()');
}
