-- The audit entries become the log of changes. Copies the table: about 3 seconds for 1,000,000 entries. Delete old entries first if there are
-- many (docs/audit.md). Columns of a fixed length come first, so that no row is padded.
-- Writers wait until the migration ends.
LOCK TABLE "audit_entries" IN SHARE MODE;
CREATE SEQUENCE "changes_seq_seq" AS BIGINT;
CREATE TABLE "changes" (
    "workspace_id" UUID NOT NULL,
    "xid" BIGINT NOT NULL DEFAULT ((pg_current_xact_id())::text)::bigint,
    "seq" BIGINT NOT NULL DEFAULT nextval('changes_seq_seq'::regclass),
    "at" TIMESTAMPTZ(3) NOT NULL,
    "action" "audit_action" NOT NULL,
    "user_id" UUID,
    "list_id" UUID,
    "event_id" UUID,
    "api_key_id" UUID,
    "segment_id" UUID,
    "key_id" TEXT NOT NULL,
    "changed" TEXT[]
);
ALTER SEQUENCE "changes_seq_seq" OWNED BY "changes"."seq";

-- Entries of before have been visible to each reader since before it began to read: no transaction has the id 0.
INSERT INTO "changes" ("workspace_id", "xid", "seq", "at", "action", "user_id", "list_id", "event_id", "api_key_id", "key_id")
SELECT "workspace_id", 0, row_number() OVER (ORDER BY "id"), "at", "action", "user_id", "list_id", "event_id", "api_key_id", "key_id"
FROM "audit_entries";
SELECT setval('changes_seq_seq', (SELECT coalesce(max("seq"), 0) + 1 FROM "changes"), false);
DROP TABLE "audit_entries";

ALTER TABLE "changes" ADD CONSTRAINT "changes_pkey" PRIMARY KEY ("workspace_id", "xid", "seq");
CREATE INDEX "changes_user_idx" ON "changes"("workspace_id", "user_id", "seq" DESC);
CREATE INDEX "changes_key_idx" ON "changes"("workspace_id", "key_id", "seq" DESC);

-- AlterEnum
ALTER TYPE "audit_action" ADD VALUE 'createSegment';
ALTER TYPE "audit_action" ADD VALUE 'updateSegment';
ALTER TYPE "audit_action" ADD VALUE 'deleteSegment';
ALTER TYPE "audit_action" ADD VALUE 'setSegmentSuppression';
ALTER TYPE "audit_action" ADD VALUE 'enterSegment';
ALTER TYPE "audit_action" ADD VALUE 'exitSegment';
ALTER TYPE "audit_action" ADD VALUE 'computeSegment';

-- A gateway of an older version inserts audit entries. What such a write changed is not known.
CREATE VIEW "audit_entries" AS
SELECT "workspace_id", NULL::uuid AS "id", "at", "key_id", "action", "user_id", "list_id", "event_id", "api_key_id" FROM "changes";

CREATE FUNCTION "insert_change"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "public"."changes" ("workspace_id", "at", "key_id", "action", "user_id", "list_id", "event_id", "api_key_id")
  VALUES (NEW."workspace_id", NEW."at", NEW."key_id", NEW."action", NEW."user_id", NEW."list_id", NEW."event_id", NEW."api_key_id");
  RETURN NEW;
END
$$;

CREATE TRIGGER "audit_entries_insert" INSTEAD OF INSERT ON "audit_entries" FOR EACH ROW EXECUTE FUNCTION "insert_change"();

-- A device that moves to another user is a change of both.
ALTER TABLE "devices" ADD COLUMN "former_user_id" UUID;
