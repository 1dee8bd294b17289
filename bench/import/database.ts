import type { Client } from 'pg';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { connect } from '../database/open.ts';
import { credentials, prepareWorkspace } from '../database/prepare.ts';
import { truncate } from '../database/truncate.ts';

/** The database of a run. */
export interface ImportDatabase {
  url: string;
  /** For the statements of the benchmark. */
  client: Client;
}

/**
 * Deletes all tables and creates them again, so that nothing is known about their rows: neither rows nor statistics.
 * @throws {Error} if the database has workspaces that are not of a benchmark.
 */
export async function createImportDatabase(url: string, stack: AsyncDisposableStack): Promise<ImportDatabase> {
  await migrate({ connectionString: url });
  // Fails if there are other workspaces.
  await prepareWorkspace(url);
  const client = stack.use(await connect({ connectionString: url }));
  await client.query('DROP SCHEMA public CASCADE');
  await client.query('CREATE SCHEMA public');
  await migrate({ connectionString: url });
  return { url, client };
}

/** Creates the workspace of a round. The first has the key that requests use. */
export function createRoundWorkspace(url: string, round: number): Promise<string> {
  if (round === 1) return prepareWorkspace(url);
  return prepareWorkspace(url, `round ${round}`, { ...credentials, publicKey: `${credentials.publicKey}_${round}` });
}

/** Deletes all events and the log of changes, so that each import of events starts with equal tables. */
export async function deleteEvents(client: Client): Promise<void> {
  await truncate(client, 'events', 'changes', 'user_activity');
  await client.query('INSERT INTO user_activity (workspace_id, user_id) SELECT workspace_id, id FROM users');
}

/** @throws {Error} if a workspace does not have this number of rows. */
export async function checkCount(
  { client }: ImportDatabase,
  table: 'users' | 'events',
  workspaceId: string,
  expected: number,
): Promise<void> {
  const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${table} WHERE workspace_id = $1`, [
    workspaceId,
  ]);
  const count = Number(rows[0]?.count);
  if (count !== expected) throw new Error(`There must be ${expected} ${table} after the import; there are ${count}.`);
}
