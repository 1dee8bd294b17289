-- AlterTable: the members of segments of before were imported.
ALTER TABLE "segments" ADD COLUMN "description" TEXT;
ALTER TABLE "segments" ADD COLUMN "definition_id" UUID;
UPDATE "segments" SET "definition_id" = "id";
ALTER TABLE "segments" ALTER COLUMN "definition_id" SET NOT NULL;

-- CreateTable
CREATE TABLE "segment_definitions" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "segment_id" UUID NOT NULL,
    "filter" JSONB NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "position" UUID,
    "users_read" INTEGER NOT NULL DEFAULT 0,
    "users_total" INTEGER,
    "entered" INTEGER NOT NULL DEFAULT 0,
    "exited" INTEGER NOT NULL DEFAULT 0,
    "completed_at" TIMESTAMPTZ(3),
    "replaced_at" TIMESTAMPTZ(3),

    CONSTRAINT "segment_definitions_pkey" PRIMARY KEY ("workspace_id","id")
);

CREATE INDEX "segment_definitions_segment_idx" ON "segment_definitions"("workspace_id", "segment_id");

-- AddForeignKey
ALTER TABLE "segment_definitions" ADD CONSTRAINT "segment_definitions_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- AlterTable: a segment can have millions of members, which are deleted in steps after it.
ALTER TABLE "segment_memberships" DROP CONSTRAINT "segment_memberships_segment_fkey";
ALTER TABLE "segment_memberships" ADD COLUMN "definition_id" UUID;
ALTER TABLE "segment_memberships" ADD COLUMN "entered_at" TIMESTAMPTZ(3);
UPDATE "segment_memberships" SET "definition_id" = "segment_id";
ALTER TABLE "segment_memberships" ALTER COLUMN "definition_id" SET NOT NULL;
ALTER TABLE "segment_memberships" DROP CONSTRAINT "segment_memberships_pkey";
ALTER TABLE "segment_memberships" ADD CONSTRAINT "segment_memberships_pkey" PRIMARY KEY ("workspace_id","definition_id","user_id");

-- CreateTable
CREATE TABLE "segment_suppressions" (
    "workspace_id" UUID NOT NULL,
    "segment_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,

    CONSTRAINT "segment_suppressions_pkey" PRIMARY KEY ("workspace_id","user_id","segment_id")
);

CREATE INDEX "segment_suppressions_segment_idx" ON "segment_suppressions"("workspace_id", "segment_id");

INSERT INTO "segment_suppressions" ("workspace_id", "segment_id", "user_id")
SELECT "workspace_id", "segment_id", "user_id" FROM "segment_memberships" WHERE "suppressed";

-- AddForeignKey
ALTER TABLE "segment_suppressions" ADD CONSTRAINT "segment_suppressions_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- CreateTable
CREATE TABLE "segment_due" (
    "workspace_id" UUID NOT NULL,
    "user_id" UUID NOT NULL,
    "definition_id" UUID NOT NULL,
    "due_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "segment_due_pkey" PRIMARY KEY ("workspace_id","user_id","definition_id")
);

CREATE INDEX "segment_due_due_idx" ON "segment_due"("workspace_id", "due_at");

-- AddForeignKey
ALTER TABLE "segment_due" ADD CONSTRAINT "segment_due_user_fkey" FOREIGN KEY ("workspace_id", "user_id") REFERENCES "users"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- CreateTable
CREATE TABLE "change_consumers" (
    "workspace_id" UUID NOT NULL,
    "name" TEXT NOT NULL,
    "snapshot" TEXT NOT NULL,
    "version" BIGINT NOT NULL DEFAULT 0,
    "owner" UUID,

    CONSTRAINT "change_consumers_pkey" PRIMARY KEY ("workspace_id","name")
);

-- AddForeignKey
ALTER TABLE "change_consumers" ADD CONSTRAINT "change_consumers_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- CreateTable. Unlogged: after a crash of the database, processes register again.
CREATE UNLOGGED TABLE "segment_workers" (
    "id" UUID NOT NULL,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "segment_workers_pkey" PRIMARY KEY ("id")
);

-- The definitions on which there is work to do.
CREATE INDEX "segment_definitions_pending_idx" ON "segment_definitions"("workspace_id", "id") WHERE "completed_at" IS NULL OR "replaced_at" IS NOT NULL;
