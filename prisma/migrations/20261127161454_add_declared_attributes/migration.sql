-- CreateEnum
CREATE TYPE "attribute_type" AS ENUM ('STRING', 'NUMBER', 'DATE_TIME');

-- AlterEnum
ALTER TYPE "audit_action" ADD VALUE 'declareAttribute';
ALTER TYPE "audit_action" ADD VALUE 'undeclareAttribute';

-- CreateTable
CREATE TABLE "attribute_declarations" (
    "workspace_id" UUID NOT NULL,
    "number" SMALLINT NOT NULL,
    "key" TEXT NOT NULL,
    "type" "attribute_type" NOT NULL,
    "declared_at" TIMESTAMPTZ(3) NOT NULL,
    "ready_at" TIMESTAMPTZ(3),
    "undeclared_at" TIMESTAMPTZ(3),
    "barrier" BIGINT,
    "barrier_at" TIMESTAMPTZ(3),
    "position" UUID,
    "users_read" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "attribute_declarations_pkey" PRIMARY KEY ("workspace_id","number")
);

-- CreateTable
CREATE TABLE "attribute_values" (
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "attribute" SMALLINT NOT NULL,
    "text_value" TEXT COLLATE "C",
    "number_value" NUMERIC,

    CONSTRAINT "attribute_values_pkey" PRIMARY KEY ("workspace_id","user_id","attribute")
);

-- AddForeignKey
ALTER TABLE "attribute_declarations" ADD CONSTRAINT "attribute_declarations_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "attribute_values" ADD CONSTRAINT "attribute_values_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- A key can be declared again while the values of its former declaration are being deleted.
CREATE UNIQUE INDEX "attribute_declarations_key_unique" ON "attribute_declarations"("workspace_id", "key") WHERE "undeclared_at" IS NULL;
-- The declarations on which the job has work to do.
CREATE INDEX "attribute_declarations_pending_idx" ON "attribute_declarations"("workspace_id", "declared_at") WHERE "ready_at" IS NULL;

-- Ranges and orders.
CREATE INDEX "attribute_values_text_idx" ON "attribute_values"("workspace_id", "attribute", "text_value", "user_id") WHERE "text_value" IS NOT NULL;
CREATE INDEX "attribute_values_number_idx" ON "attribute_values"("workspace_id", "attribute", "number_value", "user_id") WHERE "number_value" IS NOT NULL;

-- The text that is stored for a value: of a STRING, the first characters, since an entry of a B-tree has at most 2,700 bytes; a
-- DATE_TIME in the form in which filters compare instants (src/domain/filter/instants.ts).
CREATE FUNCTION "attribute_text"("type" "attribute_type", "value" jsonb) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE
    WHEN "type" = 'NUMBER' OR jsonb_typeof("value") <> 'string' THEN NULL
    WHEN "type" = 'STRING' THEN left(lower("value" #>> '{}'), 256)
    WHEN "value" #>> '{}' ~ '^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,9})?Z)?$' THEN
      rtrim(CASE WHEN length("value" #>> '{}') = 10 THEN "value" #>> '{}' || 'T00:00:00' ELSE "value" #>> '{}' END, 'Z0.')
  END
$$;

CREATE FUNCTION "attribute_number"("type" "attribute_type", "value" jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT CASE WHEN "type" = 'NUMBER' AND jsonb_typeof("value") = 'number' THEN "value"::numeric END
$$;

-- A trigger, so that no write to users can forget the values.
CREATE FUNCTION "store_attribute_values"() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  "declared" record;
  "value" jsonb;
  "as_text" text;
  "as_number" numeric;
BEGIN
  FOR "declared" IN
    SELECT "number", "key", "type" FROM "attribute_declarations"
    WHERE "workspace_id" = NEW."workspace_id" AND "undeclared_at" IS NULL
  LOOP
    "value" := NEW."meta" -> "declared"."key";
    CONTINUE WHEN "value" IS NOT DISTINCT FROM CASE TG_OP WHEN 'UPDATE' THEN OLD."meta" -> "declared"."key" END;
    "as_text" := "attribute_text"("declared"."type", "value");
    "as_number" := "attribute_number"("declared"."type", "value");
    IF "as_text" IS NOT NULL OR "as_number" IS NOT NULL THEN
      INSERT INTO "attribute_values" ("workspace_id", "user_id", "attribute", "text_value", "number_value")
      VALUES (NEW."workspace_id", NEW."id", "declared"."number", "as_text", "as_number")
      ON CONFLICT ("workspace_id", "user_id", "attribute")
      DO UPDATE SET "text_value" = excluded."text_value", "number_value" = excluded."number_value";
    ELSE
      DELETE FROM "attribute_values"
      WHERE "workspace_id" = NEW."workspace_id" AND "user_id" = NEW."id" AND "attribute" = "declared"."number";
    END IF;
  END LOOP;
  RETURN NULL;
END
$$;

CREATE TRIGGER "users_store_attribute_values_on_insert" AFTER INSERT ON "users" FOR EACH ROW
WHEN (NEW."meta" <> '{}') EXECUTE FUNCTION "store_attribute_values"();
CREATE TRIGGER "users_store_attribute_values_on_update" AFTER UPDATE OF "meta" ON "users" FOR EACH ROW
WHEN (NEW."meta" IS DISTINCT FROM OLD."meta") EXECUTE FUNCTION "store_attribute_values"();
