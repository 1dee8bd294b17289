import { expect, it } from 'vitest';
import { openDatabase } from '../../../src/db/client.ts';
import { findReadOnlyCause } from '../../../src/db/read-only.ts';
import { createDatabase } from '../../kit/database.ts';

it('closes a connection that rejects writes, so that the next one can reach a server that accepts them', async () => {
  await using database = await createDatabase();
  const db = openDatabase(database.connection, { poolSize: 1 });
  try {
    expect(await findReadOnlyCause(db)).toBeUndefined();
    await db.execute`/* rejectWrites */ SET default_transaction_read_only = on`;
    expect(await findReadOnlyCause(db)).toBe('setting');
    expect(await findReadOnlyCause(db)).toBeUndefined();
  } finally {
    await db.$disconnect();
  }
});
