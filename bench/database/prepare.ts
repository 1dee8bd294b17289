import type { Client } from 'pg';
import { createKey, listKeys } from '../../src/auth/keys.ts';
import { type DatabaseClient, openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { scopes } from '../../src/domain/shared/scopes.ts';
import { createWorkspace, listWorkspaces } from '../../src/domain/workspaces/workspaces.ts';
import type { ShowProgress } from '../report/progress.ts';
import { fill, isFilled } from './fill.ts';
import { connect } from './open.ts';
import { restore } from './restore.ts';

const WORKSPACE = 'usergraph benchmark';

/** The API key that requests to usergraph use. */
export const credentials = { publicKey: 'pk_bench', secret: 'sk_bench' };

/**
 * Applies migrations, and fills the database unless an earlier run has filled it.
 * @returns the id of the benchmark's workspace.
 * @throws {Error} if the database has other workspaces.
 */
export async function prepareDatabase(url: string, users: number, showProgress: ShowProgress): Promise<string> {
  await migrate({ connectionString: url });
  const workspaceId = await prepareWorkspace(url);
  await using client = await connect({ connectionString: url });
  await setEventIdDefault(client);
  await restore(client, workspaceId);
  if (!(await isFilled(client, users))) await fill(client, workspaceId, users, showProgress);
  return workspaceId;
}

/** Finds or creates a workspace of the benchmark, with its API key. @param suffix of its name, for a second workspace. */
export async function prepareWorkspace(url: string, suffix = '', keyCredentials = credentials): Promise<string> {
  const db = openDatabase({ connectionString: url }, { poolSize: 1 });
  try {
    const workspaceId = await findOrCreateWorkspace(db, `${WORKSPACE} ${suffix}`.trim());
    const keys = await listKeys(db, workspaceId);
    if (keys.length === 0) await createKey(db, workspaceId, scopes, keyCredentials);
    return workspaceId;
  } finally {
    await db.$disconnect();
  }
}

async function findOrCreateWorkspace(db: DatabaseClient, name: string): Promise<string> {
  const workspaces = await listWorkspaces(db);
  if (workspaces.some((each) => !each.name.startsWith(WORKSPACE))) {
    throw new Error(
      'The database of DATABASE_URL must not contain other workspaces. Use a separate database for the benchmark.',
    );
  }
  const workspace = workspaces.find((each) => each.name === name) ?? (await createWorkspace(db, name));
  return workspace.id;
}

/** PostGraphile's mutation does not set the id of a new event; the other servers do. Requires PostgreSQL 18. */
async function setEventIdDefault(client: Client): Promise<void> {
  await client.query('ALTER TABLE events ALTER COLUMN id SET DEFAULT uuidv7()');
}
