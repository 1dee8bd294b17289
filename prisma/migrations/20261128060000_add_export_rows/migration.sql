-- Unlogged, since the rows are a copy and are deleted at the end of the export.
CREATE UNLOGGED TABLE "export_snapshots" (
    "workspace_id" UUID NOT NULL,
    "id" UUID NOT NULL,
    "heartbeat_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "export_snapshots_pkey" PRIMARY KEY ("workspace_id","id")
);

CREATE UNLOGGED TABLE "export_rows" (
    "workspace_id" UUID NOT NULL,
    "snapshot_id" UUID NOT NULL,
    "number" INTEGER NOT NULL,
    "records" INTEGER NOT NULL,
    "rows" TEXT NOT NULL,

    CONSTRAINT "export_rows_pkey" PRIMARY KEY ("workspace_id","snapshot_id","number")
);

-- The rows are written once and read once: compressing them takes longer than writing them.
ALTER TABLE "export_rows" ALTER COLUMN "rows" SET STORAGE EXTERNAL;

-- AddForeignKey
ALTER TABLE "export_snapshots" ADD CONSTRAINT "export_snapshots_workspace_fkey" FOREIGN KEY ("workspace_id") REFERENCES "workspaces"("workspace_id") ON DELETE CASCADE ON UPDATE NO ACTION;

-- AddForeignKey
ALTER TABLE "export_rows" ADD CONSTRAINT "export_rows_snapshot_fkey" FOREIGN KEY ("workspace_id", "snapshot_id") REFERENCES "export_snapshots"("workspace_id", "id") ON DELETE CASCADE ON UPDATE NO ACTION;
