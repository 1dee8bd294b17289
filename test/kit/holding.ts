import { openDatabase } from '../../src/db/client.ts';

/** Holds an exclusive lock on a table while `act` runs. The lock ends with it, even if it fails. */
export async function holding(
  { connection }: { connection: { connectionString: string } },
  table: 'users' | 'api_keys' | 'events',
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
