-- AlterEnum: the audit trail records changes to keys and the renaming of workspaces.
ALTER TYPE "audit_action" ADD VALUE 'createKey';
ALTER TYPE "audit_action" ADD VALUE 'updateKey';
ALTER TYPE "audit_action" ADD VALUE 'rotateKey';
ALTER TYPE "audit_action" ADD VALUE 'revokeKey';
ALTER TYPE "audit_action" ADD VALUE 'renameWorkspace';

-- AlterTable: all new columns are nullable, so that no table is rewritten.
ALTER TABLE "workspaces" ADD COLUMN     "deletion_requested_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "expires_at" TIMESTAMPTZ(3),
ADD COLUMN     "name" TEXT,
ADD COLUMN     "previous_secret_digest" BYTEA,
ADD COLUMN     "previous_secret_expires_at" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "audit_entries" ADD COLUMN     "api_key_id" UUID;

-- The events of a workspace that is being deleted are erased with it, so its users leave no record of their deletion.
CREATE OR REPLACE FUNCTION "record_user_deletion"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "user_deletions" ("workspace_id", "user_id", "requested_at")
  SELECT OLD."workspace_id", OLD."id", clock_timestamp()
  WHERE EXISTS (
    SELECT FROM "workspaces" WHERE "workspace_id" = OLD."workspace_id" AND "deletion_requested_at" IS NULL
  )
  -- The same id once more, where a person has put the user back: its events are erased from the first on.
  ON CONFLICT ("workspace_id", "user_id") DO UPDATE SET "requested_at" = excluded."requested_at", "position" = NULL;
  RETURN NULL;
END
$$;
