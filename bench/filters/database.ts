import { DEFAULT_TIMEOUTS, openDatabase } from '../../src/db/client.ts';
import { migrate } from '../../src/db/migrations/migrate.ts';
import { declareAttribute } from '../../src/domain/attributes/declare.ts';
import { advanceDeclaration } from '../../src/domain/attributes/fill.ts';
import { type Actor, COMMAND_LINE } from '../../src/domain/shared/actor.ts';
import { fillTables } from '../database/fill.ts';
import { connect } from '../database/open.ts';
import { prepareWorkspace } from '../database/prepare.ts';
import type { ShowProgress } from '../report/progress.ts';
import { declaredAttributes, fillStatements } from './fill.ts';

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
  await declareAttributes(url, workspaceId);
  return workspaceId;
}

/** Declares attributes, unless an earlier run has, and stores their values. */
async function declareAttributes(url: string, workspaceId: string): Promise<void> {
  const db = openDatabase(
    { connectionString: url },
    { poolSize: 1, timeouts: { ...DEFAULT_TIMEOUTS, statementMs: 60_000 } },
  );
  try {
    const actor: Actor = { workspaceId, actorName: COMMAND_LINE, scopes: new Set() };
    for (const [key, type] of Object.entries(declaredAttributes)) await declareAttribute(db, actor, { key, type });
    let hasStored = false;
    while (await advanceDeclaration(db, { stepSize: 10_000 })) hasStored = true;
    if (hasStored) await db.pool.query('VACUUM ANALYZE attribute_values');
  } finally {
    await db.$disconnect();
  }
}
