-- AlterEnum: exports of a person's data are recorded.
ALTER TYPE "audit_action" ADD VALUE 'exportUser';

-- AlterTable: the erasure continues after the events.
ALTER TABLE "user_deletions" ADD COLUMN "subjects" TEXT[],
ADD COLUMN "changes_position" BIGINT,
ADD COLUMN "erased_changes" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN "erased_keys" INTEGER NOT NULL DEFAULT 0;

-- CreateIndex: finds the keys of the rows that are erased. Ids are in the order of time, so that new entries are at its end.
CREATE INDEX "idempotency_keys_made_idx" ON "idempotency_keys"("workspace_id", "made_id");

-- Finds the changes that were made with the token of a deleted user. Writes with API keys have no entry in it.
CREATE INDEX "changes_token_idx" ON "changes"("workspace_id", "key_id") WHERE "key_id" LIKE 'token:%';

-- The record of a deletion also has the possible subjects of the user's tokens, until they are erased from the changes.
CREATE OR REPLACE FUNCTION "record_user_deletion"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "user_deletions" ("workspace_id", "user_id", "requested_at", "subjects")
  SELECT OLD."workspace_id", OLD."id", clock_timestamp(), array_remove(ARRAY[OLD."uid", OLD."email", OLD."number"], NULL)
  WHERE EXISTS (
    SELECT FROM "workspaces" WHERE "workspace_id" = OLD."workspace_id" AND "deletion_requested_at" IS NULL
  )
  -- The same id once more, where a person has put the user back: everything is erased from the start.
  ON CONFLICT ("workspace_id", "user_id") DO UPDATE SET "requested_at" = excluded."requested_at", "position" = NULL,
    "changes_position" = NULL, "subjects" = "user_deletions"."subjects" || excluded."subjects";
  RETURN NULL;
END
$$;
