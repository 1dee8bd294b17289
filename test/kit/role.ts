import { openDatabase } from '../../src/db/client.ts';
import type { TestDatabase } from './database.ts';

/** Opens a database as a role without privileges. */
export async function createRole({ db: owner, name, connection }: TestDatabase) {
  const role = `role_${name}`;
  await owner.$executeRawUnsafe(`CREATE ROLE ${role} LOGIN`);
  const url = new URL(connection.connectionString);
  url.username = role;
  const db = openDatabase({ connectionString: url.href }, { poolSize: 2 });
  return {
    db,
    [Symbol.asyncDispose]: async () => {
      await db.$disconnect();
      await owner.$executeRawUnsafe(`DROP ROLE ${role}`);
    },
  };
}
