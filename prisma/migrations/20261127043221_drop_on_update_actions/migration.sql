-- Ids never change, so no foreign key needs an ON UPDATE action, which a distributed PostgreSQL rejects.
-- NOT VALID: the next migration validates the constraints without blocking writes.

ALTER TABLE "api_keys" DROP CONSTRAINT "api_keys_workspace_fkey",
  ADD CONSTRAINT "api_keys_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "audit_entries" DROP CONSTRAINT "audit_entries_workspace_fkey",
  ADD CONSTRAINT "audit_entries_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "idempotency_keys" DROP CONSTRAINT "idempotency_keys_workspace_fkey",
  ADD CONSTRAINT "idempotency_keys_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "devices" DROP CONSTRAINT "devices_user_fkey",
  ADD CONSTRAINT "devices_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "list_memberships" DROP CONSTRAINT "list_memberships_list_fkey",
  ADD CONSTRAINT "list_memberships_list_fkey" FOREIGN KEY ("workspace_id", "list_id") REFERENCES "lists"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "list_memberships" DROP CONSTRAINT "list_memberships_user_fkey",
  ADD CONSTRAINT "list_memberships_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "segment_memberships" DROP CONSTRAINT "segment_memberships_segment_fkey",
  ADD CONSTRAINT "segment_memberships_segment_fkey" FOREIGN KEY ("workspace_id", "segment_id") REFERENCES "segments"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "segment_memberships" DROP CONSTRAINT "segment_memberships_user_fkey",
  ADD CONSTRAINT "segment_memberships_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "lists" DROP CONSTRAINT "lists_workspace_fkey",
  ADD CONSTRAINT "lists_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "segments" DROP CONSTRAINT "segments_workspace_fkey",
  ADD CONSTRAINT "segments_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;

ALTER TABLE "users" DROP CONSTRAINT "users_workspace_fkey",
  ADD CONSTRAINT "users_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION NOT VALID;
