-- AlterEnum: idempotency keys of whole requests of upsertUsers.
ALTER TYPE "idempotent_operation" ADD VALUE 'upsertUsers';

-- What a request with several inputs has written.
ALTER TABLE "idempotency_keys" ADD COLUMN "results" JSONB;

-- The triggers on inserted users run once for a statement instead of once for each user, which saves a fifth of the time of an insert.
CREATE FUNCTION "insert_user_words"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "public"."user_words" ("workspace_id", "user_id", "words")
  SELECT "workspace_id", "id",
    "public"."user_lexemes"("workspace_id", concat_ws(' ', "first_name", "last_name", "uid", "email"), "number")
  FROM "new_users"
  ON CONFLICT ("workspace_id", "user_id") DO UPDATE SET "words" = excluded."words";
  RETURN NULL;
END
$$;

-- Declared attributes are few, and most workspaces have none.
CREATE FUNCTION "insert_attribute_values"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "attribute_values" ("workspace_id", "user_id", "attribute", "text_value", "number_value")
  SELECT "new_users"."workspace_id", "new_users"."id", "declared"."number", "stored"."as_text", "stored"."as_number"
  FROM "new_users" JOIN "attribute_declarations" AS "declared" USING ("workspace_id")
  CROSS JOIN LATERAL (
    SELECT "attribute_text"("declared"."type", "new_users"."meta" -> "declared"."key") AS "as_text",
      "attribute_number"("declared"."type", "new_users"."meta" -> "declared"."key") AS "as_number"
  ) AS "stored"
  WHERE "declared"."undeclared_at" IS NULL AND ("stored"."as_text" IS NOT NULL OR "stored"."as_number" IS NOT NULL)
  ON CONFLICT ("workspace_id", "user_id", "attribute")
  DO UPDATE SET "text_value" = excluded."text_value", "number_value" = excluded."number_value";
  RETURN NULL;
END
$$;

DROP TRIGGER "users_insert_words" ON "users";
CREATE TRIGGER "users_insert_words" AFTER INSERT ON "users"
  REFERENCING NEW TABLE AS "new_users" FOR EACH STATEMENT EXECUTE FUNCTION "insert_user_words"();
DROP TRIGGER "users_store_attribute_values_on_insert" ON "users";
CREATE TRIGGER "users_store_attribute_values_on_insert" AFTER INSERT ON "users"
  REFERENCING NEW TABLE AS "new_users" FOR EACH STATEMENT EXECUTE FUNCTION "insert_attribute_values"();
