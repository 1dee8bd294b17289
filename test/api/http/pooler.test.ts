import { expect, it } from 'vitest';
import { startApp } from '../../kit/app.ts';
import { variant } from '../../kit/variant.ts';

it('uses the connection pooler if the tests run with one', async () => {
  await using app = await startApp();
  const client = await app.db.pool.connect();
  const { rows } = await client.query('SELECT pg_backend_pid() AS pid').finally(() => client.release());
  // PgBouncer announces a process id of its own.
  const isPooled = 'processID' in client && client.processID !== rows[0].pid;
  expect(isPooled).toBe(variant.pooled);
});
