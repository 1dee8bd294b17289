-- The computation of segments locks the users of the rows that it inserts, once for each user. The foreign keys repeated that for
-- each row, which took a quarter of the time of a write (docs/performance-steps.md).
-- DropForeignKey
ALTER TABLE "segment_memberships" DROP CONSTRAINT "segment_memberships_user_fkey";
-- DropForeignKey
ALTER TABLE "segment_due" DROP CONSTRAINT "segment_due_user_fkey";

-- Deletes what the foreign keys deleted, also for gateways of older versions and manual SQL. The trigger sees the rows of
-- transactions that the deletion of the user has waited for.
CREATE FUNCTION "delete_segment_rows"() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM "segment_memberships" WHERE "workspace_id" = OLD."workspace_id" AND "user_id" = OLD."id";
  DELETE FROM "segment_due" WHERE "workspace_id" = OLD."workspace_id" AND "user_id" = OLD."id";
  RETURN NULL;
END
$$;

CREATE TRIGGER "users_delete_segment_rows" AFTER DELETE ON "users" FOR EACH ROW EXECUTE FUNCTION "delete_segment_rows"();
