-- The audit entries become the log of changes. Rewrites the table: about 3 seconds for 1,000,000 entries. Delete old entries first if there are
-- many (docs/audit.md).
ALTER TABLE "audit_entries" RENAME TO "changes";
ALTER TABLE "changes" DROP CONSTRAINT "audit_entries_workspace_fkey";
ALTER TABLE "changes" DROP CONSTRAINT "audit_entries_pkey";
DROP INDEX "audit_entries_user_idx";
DROP INDEX "audit_entries_key_idx";

-- Entries of before have been visible to each reader since before it began to read.
ALTER TABLE "changes" ADD COLUMN "xid" BIGINT NOT NULL DEFAULT 0;
ALTER TABLE "changes" ALTER COLUMN "xid" SET DEFAULT ((pg_current_xact_id())::text)::bigint;
ALTER TABLE "changes" ADD COLUMN "segment_id" UUID;
ALTER TABLE "changes" ADD COLUMN "changed" TEXT[];
ALTER TABLE "changes" ADD COLUMN "seq" BIGINT;
UPDATE "changes" SET "seq" = "numbered"."seq"
FROM (SELECT "workspace_id", "id", row_number() OVER (ORDER BY "id") AS "seq" FROM "changes") AS "numbered"
WHERE "changes"."workspace_id" = "numbered"."workspace_id" AND "changes"."id" = "numbered"."id";
CREATE SEQUENCE "changes_seq_seq" AS BIGINT OWNED BY "changes"."seq";
SELECT setval('changes_seq_seq', (SELECT coalesce(max("seq"), 0) + 1 FROM "changes"), false);
ALTER TABLE "changes" ALTER COLUMN "seq" SET DEFAULT nextval('changes_seq_seq'::regclass);
ALTER TABLE "changes" ALTER COLUMN "seq" SET NOT NULL;
ALTER TABLE "changes" DROP COLUMN "id";

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
