import { expect, it } from 'vitest';
import { EPOCHS_TABLE } from '../../../src/db/distribution/shard-views.ts';
import { inWorkspace } from '../../../src/db/sql.ts';
import { startApp } from '../../kit/app.ts';
import { tenantTables } from '../../kit/tenant-statements.ts';
import { variant } from '../../kit/variant.ts';

const FAULT = 'statements without a label or without the workspace of each table as a parameter';

it('fails every test whose app runs a statement without its workspace', async () => {
  const app = await startApp();
  await app.db.query`/* count */ SELECT count(*) FROM users`;
  await expect(app[Symbol.asyncDispose]()).rejects.toThrow(FAULT);
});

it('fails every test whose app runs a statement elsewhere than on the node of its workspace', async () => {
  const app = await startApp();
  await app.db.query`/* lockWorkspace */ SELECT pg_advisory_xact_lock(hashtextextended(${app.workspaceId}, 0))`;
  await expect(app[Symbol.asyncDispose]()).rejects.toThrow(FAULT);
});

it('accepts statements on the rows of all workspaces', async () => {
  await using app = await startApp();
  await app.db.queryAllWorkspaces`/* countAll */ SELECT count(*) FROM users`;
});

// Without a name, it counts as a statement of the test.
it.runIf(variant.prepared)('fails every test whose app runs a statement without a label', async () => {
  const app = await startApp();
  await app.db.query`SELECT 1`;
  await expect(app[Symbol.asyncDispose]()).rejects.toThrow(FAULT);
});

it('adds the label of a statement to its error', async () => {
  await using app = await startApp();
  await expect(app.db.query`/* divide */ SELECT 1 / 0 ${inWorkspace(app.workspaceId)}`).rejects.toMatchObject({
    code: '22012',
    statement: 'divide',
  });
});

it('covers every table with a workspace_id', async () => {
  await using app = await startApp();
  const tables = await app.db.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.columns JOIN information_schema.tables USING (table_schema, table_name)
    WHERE table_schema = 'public' AND column_name = 'workspace_id' AND table_type = 'BASE TABLE'`;
  // The gateway's statements do not use that of distributed databases.
  const names = tables.map(({ name }) => name).filter((name) => name !== EPOCHS_TABLE);
  expect(new Set(names)).toEqual(tenantTables);
});
