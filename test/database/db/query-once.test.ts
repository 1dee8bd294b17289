import { expect, it } from 'vitest';
import { QueryTimeoutError } from '../../../src/db/errors.ts';
import { Prisma } from '../../../src/db/generated/client.ts';
import { startApp } from '../../kit/app.ts';

const backend = Prisma.sql`SELECT pg_backend_pid() AS pid, current_setting('statement_timeout') AS timeout`;

it('ends a statement after its own timeout, and keeps the connection and its settings', async () => {
  await using app = await startApp({ poolSize: 1 });
  const [before] = await app.db.$queryRaw<[{ pid: number; timeout: string }]>(backend);
  await expect(app.db.queryOnce(Prisma.sql`SELECT pg_sleep(3)`)).rejects.toThrow(QueryTimeoutError);
  await expect(app.db.queryOnce(Prisma.sql`SELECT 1 / 0`)).rejects.toThrow('division by zero');
  expect(await app.db.queryOnce(backend)).toEqual([{ pid: before.pid, timeout: '2s' }]);
  expect(await app.db.$queryRaw(backend)).toEqual([before]);
});

it('cannot write', async () => {
  await using app = await startApp({ poolSize: 1 });
  const statement = Prisma.sql`DELETE FROM users WHERE workspace_id = ${app.workspaceId}::uuid`;
  await expect(app.db.queryOnce(statement)).rejects.toThrow('read-only transaction');
});
