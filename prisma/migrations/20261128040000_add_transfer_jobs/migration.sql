-- CreateEnum
CREATE TYPE "transfer_kind" AS ENUM ('importUsers', 'importEvents', 'importLists', 'exportUsers', 'exportEvents', 'exportLists');

-- CreateEnum
CREATE TYPE "transfer_state" AS ENUM ('receiving', 'waiting', 'running', 'completed', 'failed', 'canceled');

-- CreateEnum
CREATE TYPE "transfer_part" AS ENUM ('input', 'rejected', 'output');

-- CreateTable
CREATE TABLE "transfer_jobs" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "kind" "transfer_kind" NOT NULL,
    "state" "transfer_state" NOT NULL,
    "key_id" TEXT NOT NULL,
    "scopes" TEXT[],
    "options" JSONB NOT NULL DEFAULT '{}',
    "source" TEXT,
    "is_stored" BOOLEAN NOT NULL DEFAULT false,
    "download_token" TEXT,
    "bytes_total" BIGINT,
    "bytes_read" BIGINT NOT NULL DEFAULT 0,
    "records_total" BIGINT,
    "records_read" BIGINT NOT NULL DEFAULT 0,
    "written" BIGINT NOT NULL DEFAULT 0,
    "rejected" BIGINT NOT NULL DEFAULT 0,
    "rejected_bytes" BIGINT NOT NULL DEFAULT 0,
    "owner" UUID,
    "heartbeat_at" TIMESTAMPTZ(3),
    "failed_attempts" SMALLINT NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "started_at" TIMESTAMPTZ(3),
    "completed_at" TIMESTAMPTZ(3),
    "expires_at" TIMESTAMPTZ(3),
    "error" TEXT,

    CONSTRAINT "transfer_jobs_pkey" PRIMARY KEY ("workspace_id","id")
);

-- CreateTable
CREATE TABLE "transfer_chunks" (
    "workspace_id" UUID NOT NULL,
    "job_id" UUID NOT NULL,
    "part" "transfer_part" NOT NULL,
    "number" INTEGER NOT NULL,
    "data" BYTEA NOT NULL,

    CONSTRAINT "transfer_chunks_pkey" PRIMARY KEY ("workspace_id","job_id","part","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "transfer_jobs_source_unique" ON "transfer_jobs"("workspace_id", "kind", "source");

-- AddForeignKey
ALTER TABLE "transfer_jobs" ADD CONSTRAINT "transfer_jobs_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "transfer_chunks" ADD CONSTRAINT "transfer_chunks_job_fkey" FOREIGN KEY ("workspace_id", "job_id") REFERENCES "transfer_jobs"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- The jobs that gateways look for.
CREATE INDEX "transfer_jobs_pending_idx" ON "transfer_jobs"("workspace_id", "created_at") WHERE "completed_at" IS NULL;
