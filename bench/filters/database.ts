import { migrate } from '../../src/db/migrations/migrate.ts';
import { fillTables } from '../database/fill.ts';
import { connect } from '../database/open.ts';
import { prepareWorkspace } from '../database/prepare.ts';
import type { ShowProgress } from '../report/progress.ts';
import { fillStatements } from './fill.ts';

/**
 * Applies migrations, and fills the database unless an earlier run has filled it.
 * @returns the id of the benchmark's workspace.
 */
export async function prepareFilterDatabase(url: string, users: number, showProgress: ShowProgress): Promise<string> {
  await migrate({ connectionString: url });
  const workspaceId = await prepareWorkspace(url);
  await using client = await connect({ connectionString: url });
  const { rows } = await client.query<{ users: string }>('SELECT count(*) AS users FROM users');
  if (Number(rows[0]?.users) !== users) await fillTables(client, fillStatements(workspaceId, users), showProgress);
  return workspaceId;
}
