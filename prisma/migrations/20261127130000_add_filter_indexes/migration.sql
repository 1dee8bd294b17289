-- The indexes of filters and orders. Creating them keeps writers from the tables: about a minute for 1,000,000 users and 10,000,000
-- events. To avoid that, run these statements before the migration, with CREATE INDEX CONCURRENTLY; those that exist are skipped.

-- "Did an event" in the order of users, without reading the table; serves User.events(where: { name }) as well.
CREATE INDEX IF NOT EXISTS "events_name_idx" ON "events"("workspace_id", "name", "user_id" DESC, "id" DESC) INCLUDE ("timestamp");
DROP INDEX "events_user_name_idx";

-- Equality and prefixes without differences of case, and the order. None on updated_at: every update changes it, so that an index
-- on it would end HOT updates, also of columns without an index. None on number: with both, updates took up to twice as long.
CREATE INDEX IF NOT EXISTS "users_uid_lower_idx" ON "users"("workspace_id", (lower("uid") COLLATE "C"), "id");
CREATE INDEX IF NOT EXISTS "users_email_lower_idx" ON "users"("workspace_id", (lower("email") COLLATE "C"), "id");
CREATE INDEX IF NOT EXISTS "users_first_name_lower_idx" ON "users"("workspace_id", (lower("first_name") COLLATE "C"), "id");
CREATE INDEX IF NOT EXISTS "users_last_name_lower_idx" ON "users"("workspace_id", (lower("last_name") COLLATE "C"), "id");
CREATE INDEX IF NOT EXISTS "users_created_at_idx" ON "users"("workspace_id", "created_at", "id");

-- The attributes of an object as hashes: one for each key, and one for each key with its value without differences of case. Hashes,
-- because an entry of a GIN index has at most 2,700 bytes. A loop, because a query in its place takes longer.
CREATE FUNCTION "attribute_tokens"("attributes" jsonb) RETURNS bigint[] LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
  "tokens" bigint[] := '{}';
  "key" text;
  "value" jsonb;
BEGIN
  FOR "key", "value" IN SELECT * FROM jsonb_each("attributes") LOOP
    "tokens" := "tokens" || hashtextextended("key", 0) || hashtextextended("key" || ':' ||
      CASE jsonb_typeof("value") WHEN 'number' THEN trim_scale("value"::numeric)::text ELSE lower("value"::text) END, 1);
  END LOOP;
  RETURN "tokens";
END
$$;

-- Without the extension, filters on attributes read users until they have found a page of them.
DO $$
BEGIN
  CREATE EXTENSION IF NOT EXISTS btree_gin;
EXCEPTION WHEN OTHERS THEN
  RAISE NOTICE 'users_meta_idx was not created, so that filters on attributes are slower: %', SQLERRM;
END $$;

DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_extension WHERE extname = 'btree_gin') THEN
    CREATE INDEX IF NOT EXISTS "users_meta_idx" ON "users" USING gin ("workspace_id", "attribute_tokens"("meta"));
  END IF;
END $$;

-- Statistics of the expressions, without which PostgreSQL reads all users with a frequent value before it sorts them.
ANALYZE "users";
