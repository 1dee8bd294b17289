-- Reads each table once, without blocking reads or writes.
ALTER TABLE "api_keys" VALIDATE CONSTRAINT "api_keys_workspace_fkey";
ALTER TABLE "audit_entries" VALIDATE CONSTRAINT "audit_entries_workspace_fkey";
ALTER TABLE "idempotency_keys" VALIDATE CONSTRAINT "idempotency_keys_workspace_fkey";
ALTER TABLE "devices" VALIDATE CONSTRAINT "devices_user_fkey";
ALTER TABLE "list_memberships" VALIDATE CONSTRAINT "list_memberships_list_fkey";
ALTER TABLE "list_memberships" VALIDATE CONSTRAINT "list_memberships_user_fkey";
ALTER TABLE "segment_memberships" VALIDATE CONSTRAINT "segment_memberships_segment_fkey";
ALTER TABLE "segment_memberships" VALIDATE CONSTRAINT "segment_memberships_user_fkey";
ALTER TABLE "lists" VALIDATE CONSTRAINT "lists_workspace_fkey";
ALTER TABLE "segments" VALIDATE CONSTRAINT "segments_workspace_fkey";
ALTER TABLE "users" VALIDATE CONSTRAINT "users_workspace_fkey";
