import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { tenantTables } from '../../kit/tenant-statements.ts';

it('fails every test whose app runs a statement without its workspace', async () => {
  const app = await startApp();
  await app.db.query`SELECT count(*) FROM users`;
  await expect(app[Symbol.asyncDispose]()).rejects.toThrow(
    'statements that do not name the workspace of each table by a parameter',
  );
});

it('covers every table with a workspace_id', async () => {
  await using app = await startApp();
  const tables = await app.db.$queryRaw<{ name: string }[]>`
    SELECT table_name::text AS name FROM information_schema.columns
    WHERE table_schema = 'public' AND column_name = 'workspace_id'`;
  expect(new Set(tables.map(({ name }) => name))).toEqual(tenantTables);
});
