import type { Client } from 'pg';
import { retryOnConflict } from '../../src/db/retry.ts';

/** Empties tables. Repeats a deadlock with the background work of a gateway that is running. */
export async function truncate(client: Client, ...tables: string[]): Promise<void> {
  await retryOnConflict(() => client.query(`TRUNCATE ${tables.join(', ')}`));
}
