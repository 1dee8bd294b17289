import { expect, it } from 'vitest';
import { migrate } from '../../../src/db/migrations/migrate.ts';
import { createWorkspace } from '../../../src/domain/workspaces/workspaces.ts';
import { createDatabase } from '../../kit/database.ts';
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

it.skipIf(!variant.distributed)('applies migrations to a distributed database that is in use', async () => {
  await using database = await createDatabase();
  const { db, connection } = database;
  const { id } = await createWorkspace(db, 'Acme');
  const insert = (uid: string) => db.execute`/* insertUser */
    INSERT INTO users (workspace_id, id, uid, created_at, updated_at)
    VALUES (${id}::uuid, gen_random_uuid(), ${uid}, now(), now())`;
  // The views of the shard exist before the migration.
  await insert('before');
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
