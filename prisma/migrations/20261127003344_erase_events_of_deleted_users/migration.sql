-- DropForeignKey
ALTER TABLE "events" DROP CONSTRAINT "events_user_fkey";

-- CreateTable
CREATE TABLE "user_deletions" (
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "requested_at" TIMESTAMPTZ(3) NOT NULL,
    "position" UUID,
    "erased_events" INTEGER NOT NULL DEFAULT 0,

    CONSTRAINT "user_deletions_pkey" PRIMARY KEY ("workspace_id","user_id")
);

-- AddForeignKey: the next migration validates it, without keeping writers from the table meanwhile.
ALTER TABLE "events" ADD CONSTRAINT "events_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

-- AddForeignKey
ALTER TABLE "user_deletions" ADD CONSTRAINT "user_deletions_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- Whoever deletes a user (deleteUser, a gateway of an older version, a person in psql) leaves a record of the events that are
-- to be erased, in the same transaction. Where the workspace goes as well, its events go with it.
CREATE FUNCTION "record_user_deletion"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO "user_deletions" ("workspace_id", "user_id", "requested_at")
  SELECT OLD."workspace_id", OLD."id", clock_timestamp()
  WHERE EXISTS (SELECT FROM "workspaces" WHERE "workspace_id" = OLD."workspace_id")
  -- The same id once more, where a person has put the user back: its events are erased from the first on.
  ON CONFLICT ("workspace_id", "user_id") DO UPDATE SET "requested_at" = excluded."requested_at", "position" = NULL;
  RETURN NULL;
END
$$;

CREATE TRIGGER "users_record_deletion" AFTER DELETE ON "users" FOR EACH ROW EXECUTE FUNCTION "record_user_deletion"();
