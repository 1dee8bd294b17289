import { expect, it } from 'vitest';
import { type DatabaseClient, DEFAULT_TIMEOUTS } from '../../../src/db/client.ts';
import { createFunctions, RUN_SIGNATURE } from '../../../src/db/distribution/functions.ts';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { partitionEvents } from '../../../src/db/partitions/convert.ts';
import { checkSessions } from '../../../src/db/session-check.ts';
import { inTransaction } from '../../../src/db/transaction.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { atOnce } from '../../kit/concurrently.ts';
import { createDatabase } from '../../kit/database.ts';
import { withConnection } from '../../kit/database-url.ts';
import { resetShardViews } from '../../kit/distribution.ts';
import { copyPrisma } from '../../kit/migrations.ts';
import { variant } from '../../kit/variant.ts';

const SQL = `
-- A semicolon; in a comment.
ALTER TABLE "users" ADD COLUMN "tier" TEXT NOT NULL DEFAULT 'a;b';
CREATE TABLE "notes" (
  "workspace_id" UUID NOT NULL,
  "user_id" UUID NOT NULL,
  "text" TEXT,
  CONSTRAINT "notes_pkey" PRIMARY KEY ("workspace_id", "user_id")
);
ALTER TABLE "notes" ADD CONSTRAINT "notes_user_fkey" FOREIGN KEY ("workspace_id", "user_id")
  REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE;
CREATE INDEX IF NOT EXISTS "users_tier_idx" ON "users"("workspace_id", "tier");
CREATE FUNCTION "add_note"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "public"."notes" ("workspace_id", "user_id", "text") SELECT "workspace_id", "id", "tier" FROM "new_users";
  RETURN NULL;
END
$$;
CREATE TRIGGER "users_add_note" AFTER INSERT ON "users" REFERENCING NEW TABLE AS "new_users"
  FOR EACH STATEMENT EXECUTE FUNCTION "add_note"();
`;

const itIfDistributed = it.skipIf(!variant.distributed);

/** Opens a database with a workspace, whose shard has views. */
async function open() {
  const database = await createDatabase();
  const { db } = database;
  const { id } = await createWorkspace(db, 'Acme');
  const insert = (uid: string) => db.execute`/* insertUser */
    INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    VALUES (${id}::uuid, gen_random_uuid(), ${uid}, now(), now())`;
  await insert('before');
  return { ...database, id, insert };
}

/** The names of the schemas with the views of shards. */
const readSchemas = (db: DatabaseClient) =>
  db.$queryRaw<{ name: string }[]>`
    SELECT nspname AS name FROM pg_namespace WHERE starts_with(nspname, 'usergraph_shard_') ORDER BY nspname`;

itIfDistributed('applies migrations to a distributed database that is in use', async () => {
  await using database = await open();
  const { db, connection, id, insert } = database;
  await using prisma = await copyPrisma();
  await prisma.write('20990101000000_add_notes', SQL);
  expect(await migrate(connection, prisma.migrations)).toEqual(['20990101000000_add_notes']);
  await insert('after');
  const users = await db.query`/* readTiers */
    SELECT users.uid, users.tier, notes.text FROM users
    LEFT JOIN notes ON notes.workspace_id = ${id}::uuid AND notes.user_id = users.id
    WHERE users.workspace_id = ${id}::uuid ORDER BY users.uid`;
  expect(users).toEqual([
    { uid: 'after', tier: 'a;b', text: 'a;b' },
    { uid: 'before', tier: 'a;b', text: null },
  ]);
  await db.execute`/* deleteUsers */ DELETE FROM users WHERE workspace_id = ${id}::uuid`;
  expect(await db.query`/* readNotes */ SELECT FROM notes WHERE workspace_id = ${id}::uuid`).toEqual([]);
});

itIfDistributed(
  'keeps the views of a transaction that is older than a migration, and drops them with the next one',
  async () => {
    await using database = await open();
    const { db, connection, insert, id } = database;
    const [old] = await readSchemas(db);
    await using prisma = await copyPrisma();
    await inTransaction(db, async (tx) => {
      await tx.query`/* readUids */ SELECT uid FROM users WHERE workspace_id = ${id}::uuid`;
      await prisma.write('20990101000000_add_table', 'CREATE TABLE "others" ("workspace_id" UUID PRIMARY KEY);');
      await migrate(connection, prisma.migrations);
      expect(await readSchemas(db)).toContainEqual(old);
    });
    await insert('after');
    await prisma.write('20990101000001_add_column', 'ALTER TABLE "users" ADD COLUMN "tier" TEXT;');
    await migrate(connection, prisma.migrations);
    expect(await readSchemas(db)).not.toContainEqual(old);
  },
);

itIfDistributed('drops columns, and changes their types, while statements run', async () => {
  await using database = await open();
  const { db, connection, id, insert } = database;
  await using prisma = await copyPrisma();
  await prisma.write('20990101000000_add', 'ALTER TABLE "users" ADD COLUMN "tier" TEXT, ADD COLUMN "level" INTEGER;');
  await migrate(connection, prisma.migrations);
  let isRunning = true;
  const failures: unknown[] = [];
  const load = atOnce(3, async (client) => {
    for (let number = 0; isRunning; number += 1)
      await insert(`${client} ${number}`).catch((error: unknown) => failures.push(error));
  });
  await prisma.write(
    '20990101000001_drop',
    'ALTER TABLE "users" DROP COLUMN "tier", ALTER COLUMN "level" TYPE BIGINT;',
  );
  await migrate(connection, prisma.migrations);
  isRunning = false;
  await load;
  expect(failures).toEqual([]);
  expect(
    await db.query`/* readLevel */ SELECT pg_typeof(level)::text AS type FROM users WHERE workspace_id = ${id}::uuid LIMIT 1`,
  ).toEqual([{ type: 'bigint' }]);
});

itIfDistributed('replaces the functions of another version of usergraph', async () => {
  await using database = await open();
  const { db, connection, insert } = database;
  await withConnection(connection.connectionString, async (client) => {
    await client.query('BEGIN');
    for (const sql of createFunctions('other')) await client.query(sql);
    await client.query('COMMIT');
  });
  await insert('with others');
  expect((await readSchemas(db)).filter(({ name }) => name.endsWith('_other'))).toHaveLength(1);
  expect(await migrate(connection)).toEqual([]);
  expect((await readSchemas(db)).filter(({ name }) => name.endsWith('_other'))).toEqual([]);
  await insert('after');
  expect((await readSchemas(db)).length).toBeGreaterThan(0);
});

itIfDistributed('repeats a transaction whose shard has no views yet, once it has created them', async () => {
  await using database = await open();
  const { db, id } = database;
  await resetShardViews(db);
  const read = () =>
    inTransaction(db, (tx) => tx.query`/* readUids */ SELECT uid FROM users WHERE workspace_id = ${id}::uuid`);
  expect(await read()).toEqual([{ uid: 'before' }]);
});

itIfDistributed('rejects gateways whose functions the nodes do not have', async () => {
  await using database = await open();
  await database.db.$executeRawUnsafe(`DROP FUNCTION ${RUN_SIGNATURE}`);
  await database.db.$executeRaw`CREATE FUNCTION public.usergraph_run(uuid) RETURNS int LANGUAGE sql AS 'SELECT 1'`;
  const check = checkSessions(
    database.connection,
    { timeouts: DEFAULT_TIMEOUTS, allowsShorter: false, prepared: false },
    {},
  );
  await expect(check).rejects.toThrow(/^The functions of the distributed database .* Run npm run db:migrate/);
});

itIfDistributed('rejects partitions', async () => {
  await using database = await open();
  const problem = 'a database is either partitioned or distributed, and this one is distributed';
  await expect(partitionEvents(database.db)).rejects.toThrow(`events cannot be partitioned: ${problem}.`);
});
