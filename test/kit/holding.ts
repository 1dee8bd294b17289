import { openDatabase } from '../../src/db/client.ts';

/** Keeps everybody else from a table while something is done. */
export async function holding(
  { connection }: { connection: { connectionString: string } },
  table: 'users' | 'api_keys',
  act: () => Promise<void>,
): Promise<void> {
  const holder = openDatabase(connection, { poolSize: 1 });
  const client = await holder.pool.connect();
  try {
    await client.query(`BEGIN; LOCK TABLE ${table}`);
    await act();
    await client.query('ROLLBACK');
  } finally {
    client.release();
    await holder.$disconnect();
  }
}
