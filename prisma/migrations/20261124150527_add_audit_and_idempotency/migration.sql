-- CreateEnum
CREATE TYPE "audit_action" AS ENUM ('createUser', 'updateUser', 'claimUser', 'deleteUser', 'registerDevice', 'removeDevice', 'createList', 'updateList', 'archiveList', 'subscribeToList', 'unsubscribeFromList', 'removeFromList', 'addEvent');

-- CreateEnum
CREATE TYPE "idempotent_operation" AS ENUM ('createUser', 'addEvent');

-- CreateTable
CREATE TABLE "audit_entries" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "at" TIMESTAMPTZ(3) NOT NULL,
    "key_id" TEXT NOT NULL,
    "action" "audit_action" NOT NULL,
    "user_id" UUID,
    "list_id" UUID,
    "event_id" UUID,

    CONSTRAINT "audit_entries_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "idempotency_keys" (
    "workspace_id" UUID NOT NULL,
    "key" TEXT NOT NULL,
    "operation" "idempotent_operation" NOT NULL,
    "digest" BYTEA NOT NULL,
    "made_id" UUID NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "idempotency_keys_pkey" PRIMARY KEY ("workspace_id","key")
);

-- CreateIndex
CREATE INDEX "audit_entries_user_idx" ON "audit_entries"("workspace_id", "user_id", "id" DESC);

-- CreateIndex
CREATE INDEX "audit_entries_key_idx" ON "audit_entries"("workspace_id", "key_id", "id" DESC);

-- CreateIndex
CREATE INDEX "idempotency_keys_created_idx" ON "idempotency_keys"("workspace_id", "created_at");

-- AddForeignKey
ALTER TABLE "audit_entries" ADD CONSTRAINT "audit_entries_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "idempotency_keys" ADD CONSTRAINT "idempotency_keys_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE CASCADE;
